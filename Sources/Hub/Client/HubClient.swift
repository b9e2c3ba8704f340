import AsyncHTTPClient
import Files
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// A client of the Hugging Face Hub's public HTTP interface.
///
/// Redirects are followed by this client and not by its library, so that the token goes to the Hub
/// only.
package final class HubClient: Sendable {
  package let settings: HubSettings
  let retry: RetryPolicy
  /// Takes sentences for the user.
  let note: @Sendable (String) -> Void

  private let direct: HTTPClient
  private let proxied = Mutex<[ProxySettings.Proxy: HTTPClient]>([:])

  private init(
    _ settings: HubSettings, retry: RetryPolicy, note: @escaping @Sendable (String) -> Void
  ) {
    self.settings = settings
    self.retry = retry
    self.note = note
    direct = HTTPClient(configuration: Self.configuration(nil))
  }

  /// Calls `body` with a client, and closes its connections afterwards.
  package static func using<Value>(
    _ settings: HubSettings, retry: RetryPolicy = RetryPolicy(),
    note: @escaping @Sendable (String) -> Void = { _ in },
    body: (HubClient) async throws -> Value
  ) async throws -> Value {
    let client = HubClient(settings, retry: retry, note: note)
    let outcome: Result<Value, any Error>
    do {
      outcome = .success(try await body(client))
    } catch {
      outcome = .failure(error)
    }
    try await client.close()
    return try outcome.get()
  }

  private func close() async throws {
    try await direct.shutdown()
    for client in proxied.withLock({ Array($0.values) }) { try await client.shutdown() }
  }

  /// An address below the Hub's: `path` is percent-encoded, `query` is not.
  func address(_ path: [String], query: [(String, String)] = []) throws(HubError) -> URL {
    let query = query.map { "\($0.percentEncoded)=\($1.percentEncoded)" }.joined(separator: "&")
    let text =
      ([settings.endpoint] + path.map(\.percentEncoded)).joined(separator: "/")
      + (query.isEmpty ? "" : "?\(query)")
    guard let url = URL(string: text) else {
      throw .malformed(address: text, problem: "it is no address")
    }
    return url
  }

  /// Repeats `body` after each `Interruption`, as often as the policy allows.
  func retrying<Value>(_ body: () async throws -> Value) async throws -> Value {
    var failures = 0
    while true {
      do {
        return try await body()
      } catch let interruption as Interruption {
        failures += 1
        try await wait(after: failures, of: interruption)
      }
    }
  }

  /// Waits before the next try, or throws the error if there is none.
  func wait(after failures: Int, of interruption: Interruption) async throws {
    if let pause = interruption.pause, pause > .seconds(5), pause <= retry.patience {
      note("The server asks to wait for \(pause.components.seconds) seconds.")
    }
    try await retry.wait(after: failures, of: interruption)
  }

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

  /// A failed connection as an interruption. Throws `CancellationError` if the task is cancelled.
  func interruption(_ error: any Error, host url: URL) throws -> Interruption {
    try Task.checkCancellation()
    return Interruption(
      error: .unreachable(
        host: url.host() ?? url.withoutQuery, reason: connectionReason(error), tries: 1))
  }

  private func isRedirect(_ response: HTTPClientResponse, of request: HubRequest) -> Bool {
    // Other methods would become GET after these.
    let codes: Set<UInt> =
      [.GET, .HEAD].contains(request.method) ? [301, 302, 303, 307, 308] : [307, 308]
    return codes.contains(response.status.code)
  }

  /// One request to one server.
  private func exchange(_ request: HubRequest, at url: URL) async throws -> HTTPClientResponse {
    var message = HTTPClientRequest(url: url.absoluteString)
    message.method = request.method
    message.headers = HTTPHeaders([("User-Agent", "lora-train")] + request.headers)
    if let token = settings.token, url.origin == URL(string: settings.endpoint)?.origin {
      message.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)")
    }
    switch request.body {
    case .none: break
    case .bytes(let data): message.body = .bytes(ByteBuffer(bytes: data))
    case .file(let file, let range):
      message.body = .stream(
        FileChunks(file: file, range: range, sent: request.sent), length: .known(Int64(range.count))
      )
    }
    do {
      return try await client(for: url).execute(
        message, timeout: .seconds(60 + timeToSend(request)))
    } catch let error as any ReportableError {
      throw error
    } catch {
      throw try interruption(error, host: url)
    }
  }

  /// Seconds in which a body can be sent over a slow line.
  private func timeToSend(_ request: HubRequest) -> Int64 {
    switch request.body {
    case .none: 0
    case .bytes(let data): Int64(data.count >> 15)
    case .file(_, let range): Int64(range.count >> 15)
    }
  }

  private func client(for url: URL) -> HTTPClient {
    guard let proxy = settings.proxies.proxy(for: url) else { return direct }
    return proxied.withLock { clients in
      if let client = clients[proxy] { return client }
      let client = HTTPClient(configuration: Self.configuration(proxy))
      clients[proxy] = client
      return client
    }
  }

  private static func configuration(_ proxy: ProxySettings.Proxy?) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(15), read: .seconds(60)), proxy: proxy)
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    return configuration
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
