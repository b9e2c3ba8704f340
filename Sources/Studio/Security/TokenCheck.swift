import Files
import Foundation
import HTTPTypes
import Hummingbird
import Pages

/// Asks for the token: in the header `Authorization: Bearer`, or once in the address or the form of the
/// entrance, which set a cookie.
struct TokenCheck<Context: RequestContext>: RouterMiddleware {
  private static var longestForm: Int { 4096 }
  static var entrance: String { "/entrance" }

  private let key: String
  private let templates: StudioTemplates

  init(token: String, templates: StudioTemplates) {
    key = Self.key(of: token)
    self.templates = templates
  }

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    if isAllowed(request) || request.uri.path.hasPrefix("/assets/") {
      return try await next(request, context)
    }
    if request.uri.path == Self.entrance, request.method == .post {
      return try await enter(request)
    }
    if request.method == .get, let token = request.uri.queryParameters.get("token"),
      Self.key(of: token) == key
    {
      return welcome(request, to: request.uri.path)
    }
    if request.uri.path.hasPrefix("/api/") || request.method != .get { throw RequestError.noToken }
    return Answer.html(
      try templates.html(EntrancePage(isRefused: false)), status: .unauthorized)
  }

  /// The form of the entrance.
  private func enter(_ request: Request) async throws -> Response {
    let body = String(
      decoding: try await request.wholeBody(limit: Self.longestForm), as: UTF8.self)
    let form = URLComponents(string: "/?\(body.replacing("+", with: "%20"))")?.queryItems ?? []
    let token = form.first { $0.name == "token" }?.value ?? ""
    if Self.key(of: token) == key { return welcome(request, to: "/") }
    return Answer.html(try templates.html(EntrancePage(isRefused: true)), status: .unauthorized)
  }

  private func welcome(_ request: Request, to path: String) -> Response {
    // An address that begins with two slashes would lead to another site.
    var response = Response.redirect(
      to: "/" + path.drop { "/\\".contains($0) }, type: .normal)
    response.setCookie(
      Cookie(
        name: Self.cookieName(request), value: key, path: "/", secure: false, httpOnly: true,
        sameSite: .strict))
    return response
  }

  private func isAllowed(_ request: Request) -> Bool {
    if let value = request.cookies[Self.cookieName(request)]?.value,
      ContentHash.of([value]) == ContentHash.of([key])
    {
      return true
    }
    guard let header = request.headers[.authorization], header.hasPrefix("Bearer ") else {
      return false
    }
    return Self.key(of: String(header.dropFirst("Bearer ".count))) == key
  }

  /// Cookies are for all ports of a computer, so that the name contains the port.
  private static func cookieName(_ request: Request) -> String {
    let port = request.head.authority?.split(separator: ":").last ?? ""
    return "lora_train_\(port.filter(\.isNumber))"
  }

  /// A hash of a token. Hashes are compared, so that the time of a comparison tells nothing about the
  /// token, and the cookie does not contain it.
  private static func key(of token: String) -> String {
    ContentHash.of(["lora-train studio", token])
  }
}
