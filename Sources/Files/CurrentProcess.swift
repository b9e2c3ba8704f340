import Foundation

/// The names of this process in locks, temporary files and run records.
public enum CurrentProcess {
  /// The process ID.
  public static let pid = ProcessInfo.processInfo.processIdentifier

  /// The machine's own name. `ProcessInfo.hostName` would query the network.
  public static let host: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }()
}
