import Foundation

/// This process, as locks, temporary files and runs name it.
public enum CurrentProcess {
  /// Its number.
  public static let pid = ProcessInfo.processInfo.processIdentifier

  /// The machine's own name. (`ProcessInfo.hostName` would ask the network.)
  public static let host: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }()
}
