import Foundation

/// What locks and temporary files call this process.
enum ProcessName {
  /// The machine's own name. (`ProcessInfo.hostName` would ask the network.)
  static let host: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }()
}
