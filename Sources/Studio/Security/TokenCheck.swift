import Files
import Foundation
import HTTPTypes
import Hummingbird
import Pages

/// Asks for the token: in the header `Authorization: Bearer`, or once in the address or the form of the
/// entrance, which set a cookie.
struct TokenCheck<Context: RequestContext>: RouterMiddleware {
  static var cookieName: String { "lora_train_session" }
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
      return welcome(to: request.uri.path)
    }
    if request.uri.path.hasPrefix("/api/") || request.method != .get { throw RequestError.noToken }
    return Answer.html(
      try templates.html(EntrancePage(isRefused: false)), status: .unauthorized)
  }

  /// The form of the entrance.
  private func enter(_ request: Request) async throws -> Response {
    let body = String(buffer: try await request.body.collect(upTo: 4096))
    let form = URLComponents(string: "/?\(body.replacing("+", with: "%20"))")?.queryItems ?? []
    let token = form.first { $0.name == "token" }?.value ?? ""
    if Self.key(of: token) == key { return welcome(to: "/") }
    return Answer.html(try templates.html(EntrancePage(isRefused: true)), status: .unauthorized)
  }

  private func welcome(to path: String) -> Response {
    // An address that begins with two slashes would lead to another site.
    var response = Response.redirect(to: "/" + path.drop { $0 == "/" }, type: .normal)
    response.setCookie(
      Cookie(
        name: Self.cookieName, value: key, path: "/", secure: false, httpOnly: true,
        sameSite: .strict))
    return response
  }

  private func isAllowed(_ request: Request) -> Bool {
    if request.cookies[Self.cookieName]?.value == key { return true }
    guard let header = request.headers[.authorization], header.hasPrefix("Bearer ") else {
      return false
    }
    return Self.key(of: String(header.dropFirst("Bearer ".count))) == key
  }

  /// A hash of a token. Hashes are compared, so that the time of a comparison tells nothing about the
  /// token, and the cookie does not contain it.
  private static func key(of token: String) -> String {
    ContentHash.of(["lora-train studio", token])
  }
}
