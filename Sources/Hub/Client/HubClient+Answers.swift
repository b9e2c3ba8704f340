import AsyncHTTPClient
import Files
import Foundation
import NIOCore
import NIOHTTP1

/// Requests and what becomes of their answers.
extension HubClient {
  /// Sends a request once, and follows redirects. Throws `Interruption` for a failure that may pass,
  /// `HubError`, and `RepositoryError` for an answer that is an error.
  func send(_ request: HubRequest) async throws -> HTTPClientResponse {
    if settings.isOffline {
      throw HubError.offline(wanted: request.subject?.description ?? request.url.withoutQuery)
    }
    var url = request.url
    for _ in 0...Redirect.limit {
      let response = try await exchange(request, at: url)
      guard isRedirect(response, of: request) else {
        try await check(response, to: request, from: url)
        return response
      }
      url = try Redirect.target(of: url, location: response.headers.first(name: "Location"))
    }
    throw Redirect.tooMany(request.url)
  }

  /// The whole body of an answer. Throws `Interruption`, `HubError`.
  func body(of response: HTTPClientResponse, from url: URL, limit: Int = 1 << 26) async throws
    -> Data
  {
    do {
      var data = Data()
      for try await buffer in response.body {
        guard data.count + buffer.readableBytes <= limit else {
          throw HubError.malformed(address: url.withoutQuery, problem: "it is too long")
        }
        data.append(contentsOf: buffer.readableBytesView)
      }
      return data
    } catch let error as HubError {
      throw error
    } catch {
      throw try interruption(error, host: url)
    }
  }

  /// The answer to a request, decoded from JSON, with its headers; repeated as the policy allows.
  func json<Value: Decodable>(
    _ request: HubRequest, as type: Value.Type = Value.self
  ) async throws -> (value: Value, headers: HTTPHeaders) {
    try await retrying {
      let response = try await send(request)
      let data = try await body(of: response, from: request.url)
      do {
        return (try JSONDecoder().decode(type, from: data), response.headers)
      } catch {
        throw HubError.malformed(
          address: request.url.withoutQuery, problem: "it is not the JSON that was expected")
      }
    }
  }

  private func isRedirect(_ response: HTTPClientResponse, of request: HubRequest) -> Bool {
    // Other methods would become GET after these.
    let codes: Set<UInt> =
      [.GET, .HEAD].contains(request.method) ? [301, 302, 303, 307, 308] : [307, 308]
    return codes.contains(response.status.code)
  }

  /// Throws the error of an answer without success.
  private func check(
    _ response: HTTPClientResponse, to request: HubRequest, from url: URL
  ) async throws {
    let status = Int(response.status.code)
    guard !(200..<300).contains(status), !request.accepted.contains(status) else { return }
    let host = url.host() ?? url.withoutQuery
    if [408, 429, 500, 502, 503, 504].contains(status) {
      throw Interruption(
        error: .overloaded(host: host, status: status, tries: 1),
        pause: RequestedPause.read(response.headers))
    }
    let message = response.headers.first(name: "X-Error-Message")
    if let subject = request.subject, url.origin == request.url.origin,
      let error = RepositoryError(
        status: status, code: response.headers.first(name: "X-Error-Code"), message: message,
        subject: subject, hasToken: settings.token != nil)
    {
      throw error
    }
    throw HubError.refused(
      address: url.withoutQuery, status: status,
      message: (message ?? response.status.reasonPhrase).excerpt())
  }
}
