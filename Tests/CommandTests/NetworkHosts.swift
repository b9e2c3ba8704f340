import Foundation

/// Two hosts with names and a network of their own, as Linux namespaces on this machine. They need root.
final class NetworkHosts {
  private static let ip = ["/usr/sbin/ip", "/sbin/ip"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Whether this machine can have them.
  static let areAvailable: Bool = {
    do {
      _ = try NetworkHosts()
      return true
    } catch {
      return false
    }
  }()

  /// The address of the first host.
  let address = "10.77.0.1"
  private let names: [String]

  init() throws {
    let id = UInt16.random(in: 0...UInt16.max)
    names = ["a", "b"].map { "lt\(id)\($0)" }
    for name in names { try Self.run(["netns", "add", name]) }
    try Self.run(
      [
        "link", "add", names[0], "netns", names[0], "type", "veth", "peer", names[1], "netns",
        names[1],
      ])
    for (index, name) in names.enumerated() {
      try Self.run(["-n", name, "address", "add", "10.77.0.\(index + 1)/24", "dev", name])
      try Self.run(["-n", name, "link", "set", "lo", "up"])
      try Self.run(["-n", name, "link", "set", name, "up"])
    }
  }

  deinit {
    for name in names { try? Self.run(["netns", "delete", name]) }
  }

  /// Connects or cuts the second host.
  func setConnected(_ isConnected: Bool) throws {
    try Self.run(["-n", names[1], "link", "set", names[1], isConnected ? "up" : "down"])
  }

  /// Starts the program on both hosts.
  func start(_ arguments: [String], in folder: URL) throws -> RankedProgram {
    guard let ip = Self.ip else { throw CocoaError(.fileNoSuchFile) }
    return RankedProgram(
      try names.enumerated().map { rank, name in
        try RunningProgram(
          URL(filePath: ip), ["netns", "exec", name, Program.executable.path] + arguments,
          in: folder,
          environment: RankedProgram.variables(rank, 2, 29_500, address: address))
      })
  }

  private static func run(_ arguments: [String]) throws {
    guard let ip else { throw CocoaError(.fileNoSuchFile) }
    let process = Process()
    process.executableURL = URL(filePath: ip)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableNotLoadable) }
  }
}
