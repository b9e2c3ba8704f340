import HTTPTypes
import Hummingbird

/// Refuses requests under a foreign name.
struct HostCheck<Context: RequestContext>: RouterMiddleware {
  let hosts: AllowedHosts

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let host = request.head.authority ?? ""
    guard hosts.contains(host) else {
      throw RequestError.foreignHost(host.isEmpty ? "a computer without a name" : host)
    }
    return try await next(request, context)
  }
}

/// Refuses requests to the interface, and all that change something, from a page of another site. A browser names the site
/// in every such request; programs name none.
struct OriginCheck<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    // Pages can be opened from anywhere, but the interface is for the studio's own.
    let isPage =
      [.get, .head].contains(request.method) && !request.uri.path.hasPrefix("/api/")
    guard !isPage else { return try await next(request, context) }
    let host = request.head.authority ?? ""
    if let origin = request.headers[.origin] {
      guard ["http://\(host)", "https://\(host)"].contains(origin) else {
        throw RequestError.foreignOrigin(origin)
      }
    } else if let site = request.headers[Self.fetchSite] {
      guard ["same-origin", "none"].contains(site) else {
        throw RequestError.foreignOrigin("another site")
      }
    }
    return try await next(request, context)
  }

  private static var fetchSite: HTTPField.Name {
    HTTPField.Name("Sec-Fetch-Site") ?? .origin
  }
}
