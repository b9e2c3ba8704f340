import Foundation

/// A port of the loopback that nobody uses.
public func freePort() throws -> UInt16 { try ListeningSocket().port }

/// A socket that listens on a free port until it is gone.
public final class ListeningSocket {
  /// The number of the port.
  public let port: UInt16
  private let descriptor: Int32

  /// Listens. Throws `POSIXError`.
  public init() throws {
    descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    let descriptor = self.descriptor
    let isListening = withUnsafeMutableBytes(of: &address) { bytes in
      guard let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress else {
        return false
      }
      return bind(descriptor, pointer, length) == 0 && listen(descriptor, 8) == 0
        && getsockname(descriptor, pointer, &length) == 0
    }
    guard isListening else { throw POSIXError(.EADDRINUSE) }
    port = UInt16(bigEndian: address.sin6_port)
  }

  deinit { close(descriptor) }
}
