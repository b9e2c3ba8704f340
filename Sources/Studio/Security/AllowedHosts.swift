import Files
import Foundation

/// The names that the studio may be called by. Without this check, a page of another site could reach it
/// under a name of its own that leads to this computer.
struct AllowedHosts: Sendable {
  private let names: Set<String>
  /// Whether any numeric address is allowed. Such a name cannot be made to lead elsewhere.
  private let allowsAddresses: Bool

  /// - Parameter host: the address that the studio listens on.
  init(host: String) {
    let own = CurrentProcess.host.lowercased()
    let isLocal = Self.isLocal(host)
    let given = host.contains(":") ? "[\(host.lowercased())]" : host.lowercased()
    names = Set(
      ["localhost", "127.0.0.1", "[::1]", given] + (isLocal ? [] : [own, "\(own).local"]))
    allowsAddresses = !isLocal
  }

  /// Whether an address is reached from this computer only.
  static func isLocal(_ host: String) -> Bool {
    var address = in_addr()
    let isLoopback =
      inet_pton(AF_INET, host, &address) == 1
      && UInt32(bigEndian: address.s_addr) >> 24 == 127
    return host == "localhost" || host == "::1" || isLoopback
  }

  /// Whether a `Host` header, with or without a port, is allowed.
  func contains(_ header: String) -> Bool {
    let name = header.lowercased().replacing(/:[0-9]*$/, with: "")
    return names.contains(name) || allowsAddresses && Self.isAddress(name)
  }

  private static func isAddress(_ name: String) -> Bool {
    var four = in_addr()
    if inet_pton(AF_INET, name, &four) == 1 { return true }
    guard name.hasPrefix("["), name.hasSuffix("]") else { return false }
    var six = in6_addr()
    return inet_pton(AF_INET6, String(name.dropFirst().dropLast()), &six) == 1
  }
}
