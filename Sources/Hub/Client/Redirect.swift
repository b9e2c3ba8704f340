import Files
import Foundation

/// The rules for redirects.
enum Redirect {
  /// The most redirects that one request follows.
  static let limit = 10

  /// The target of a redirect. Throws `HubError.redirect` for a target that is no web address, and for
  /// one that leaves encryption.
  static func target(of url: URL, location: String?) throws(HubError) -> URL {
    guard let location, let target = URL(string: location, relativeTo: url)?.absoluteURL,
      let host = target.host(), !host.isEmpty,
      ["http", "https"].contains(target.scheme?.lowercased())
    else {
      throw .redirect(
        address: url.withoutQuery, problem: "it leads to \(location?.excerpt() ?? "no address")")
    }
    if url.scheme == "https", target.scheme?.lowercased() != "https" {
      throw .redirect(
        address: url.withoutQuery, problem: "it leads to \(host) without encryption")
    }
    return target
  }

  static func tooMany(_ url: URL) -> HubError {
    .redirect(address: url.withoutQuery, problem: "there are more than \(limit) of them")
  }
}

extension URL {
  /// Scheme, host and port, which decide who may see the token.
  var origin: String {
    let scheme = self.scheme?.lowercased() ?? ""
    return "\(scheme)://\(host()?.lowercased() ?? ""):\(port ?? (scheme == "https" ? 443 : 80))"
  }

  /// The address for messages. A query may contain a signature that grants access.
  var withoutQuery: String {
    String(absoluteString.prefix { $0 != "?" && $0 != "#" })
  }
}
