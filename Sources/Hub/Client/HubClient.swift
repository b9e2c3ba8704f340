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
    direct = HTTPClient(configuration: Self.configuration(nil, retry))
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

  /// A failed connection as an interruption. Throws `CancellationError` if the task is cancelled.
  func interruption(_ error: any Error, host url: URL) throws -> Interruption {
    try Task.checkCancellation()
    return Interruption(
      error: .unreachable(
        host: url.host() ?? url.withoutQuery, reason: connectionReason(error), tries: 1))
  }

  /// One request to one server.
  func exchange(_ request: HubRequest, at url: URL) async throws -> HTTPClientResponse {
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
      let time = retry.silence + .seconds(timeToSend(request))
      return try await client(for: url).execute(message, timeout: TimeAmount(time))
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
      let client = HTTPClient(configuration: Self.configuration(proxy, retry))
      clients[proxy] = client
      return client
    }
  }

  private static func configuration(
    _ proxy: ProxySettings.Proxy?, _ retry: RetryPolicy
  ) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(15), read: TimeAmount(retry.silence)), proxy: proxy)
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    return configuration
  }
}
