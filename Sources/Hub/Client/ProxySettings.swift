package import AsyncHTTPClient
package import Foundation

/// The proxies in the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or
/// small letters, as curl(1) reads them.
package struct ProxySettings: Sendable {
  package typealias Proxy = HTTPClient.Configuration.Proxy

  private let secure: Proxy?
  private let plain: Proxy?
  /// Hosts that are reached without a proxy.
  private let exceptions: [String]

  /// Throws `HubSettingsError.proxy`.
  package init(environment: [String: String]) throws(HubSettingsError) {
    func proxy(_ names: [String]) throws(HubSettingsError) -> Proxy? {
      for name in names.flatMap({ [$0.lowercased(), $0] }) {
        guard let text = environment[name], !text.isEmpty else { continue }
        guard let proxy = Self.proxy(text) else { throw .proxy(variable: name) }
        return proxy
      }
      return nil
    }
    secure = try proxy(["HTTPS_PROXY", "ALL_PROXY"])
    plain = try proxy(["HTTP_PROXY", "ALL_PROXY"])
    exceptions = (environment["no_proxy"] ?? environment["NO_PROXY"] ?? "").lowercased()
      .split { $0 == "," || $0 == " " }.map(String.init)
  }

  /// The proxy for an address; nil: it is reached directly.
  package func proxy(for url: URL) -> Proxy? {
    guard let host = url.host()?.lowercased() else { return nil }
    let port = url.port ?? (url.scheme == "https" ? 443 : 80)
    let isException = exceptions.contains { exception in
      if exception == "*" { return true }
      let parts = exception.split(separator: ":", maxSplits: 1).map(String.init)
      if parts.count == 2, let number = Int(parts[1]), number != port { return false }
      let name = parts.count == 2 && Int(parts[1]) != nil ? parts[0] : exception
      let domain = name.hasPrefix(".") ? String(name.dropFirst()) : name
      return host == domain || host.hasSuffix(".\(domain)")
    }
    return isException ? nil : url.scheme == "https" ? secure : plain
  }

  private static func proxy(_ text: String) -> Proxy? {
    let address = text.contains("://") ? text : "http://\(text)"
    guard let parts = URLComponents(string: address), let host = parts.host, !host.isEmpty else {
      return nil
    }
    switch parts.scheme {
    case "http":
      let authorization = parts.user.map {
        HTTPClient.Authorization.basic(username: $0, password: parts.password ?? "")
      }
      return .server(host: host, port: parts.port ?? 80, authorization: authorization)
    case "socks5", "socks5h": return .socksServer(host: host, port: parts.port ?? 1080)
    default: return nil
    }
  }
}
