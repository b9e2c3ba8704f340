import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// The WebSocket to Chromium, shared by all pages.
final class Connection: Sendable {
  /// The largest message, such as a screenshot of a long page.
  private static let largestMessage = 64 << 20

  private let channel: any Channel
  private let inbox: Inbox

  /// Connects.
  ///
  /// - Throws: `BrowserError.launch`, or an error of the network.
  init(to address: URL) async throws {
    let inbox = Inbox()
    let upgrader = NIOTypedWebSocketClientUpgrader<(any Channel)?>(
      maxFrameSize: Self.largestMessage, enableAutomaticErrorHandling: false
    ) { channel, _ in
      channel.eventLoop.makeCompletedFuture {
        let aggregator = NIOWebSocketFrameAggregator(
          minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: .max,
          maxAccumulatedFrameSize: Self.largestMessage)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([aggregator, MessageHandler(inbox)])
        return channel
      }
    }
    let host = address.host() ?? ""
    let head = HTTPRequestHead(
      version: .http1_1, method: .GET, uri: address.path,
      headers: ["Host": "\(host):\(address.port ?? 0)"])
    let upgrade = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.seconds(Int64(Browser.patience)))
      .connect(host: host, port: address.port ?? 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: .init(
              upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
                upgradeRequestHead: head, upgraders: [upgrader],
                notUpgradingCompletionHandler: { $0.eventLoop.makeSucceededFuture(nil) })))
        }
      }
    guard let channel = try await upgrade.get() else {
      throw BrowserError.launch("it refused the WebSocket", output: "")
    }
    self.channel = channel
    self.inbox = inbox
  }

  /// Sends a command and returns its result.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`, `CancellationError`.
  func send<Result: Decodable>(
    _ method: String, _ parameters: [String: JSON] = [:], session: String? = nil,
    as type: Result.Type
  ) async throws -> Result {
    let reply = channel.eventLoop.makePromise(of: Data.self)
    let id = inbox.add(reply, to: method)
    let inbox = inbox
    let limit = channel.eventLoop.scheduleTask(in: .seconds(Int64(Browser.patience))) {
      inbox.fail(id, BrowserError.noReply(method: method))
    }
    defer { limit.cancel() }
    do {
      try write(id, method, parameters, session: session).whenFailure { error in
        inbox.fail(id, BrowserError.closed(method, reason: "\(error)"))
      }
    } catch {
      inbox.fail(id, error)
    }
    let data = try await withTaskCancellationHandler {
      try await reply.futureResult.get()
    } onCancel: {
      inbox.fail(id, CancellationError())
    }
    return try Reply<Result>.result(of: data, method)
  }

  /// Sends a command whose result is of no interest.
  func post(_ method: String, _ parameters: [String: JSON], session: String) throws {
    _ = try write(inbox.nextID(), method, parameters, session: session)
  }

  /// Calls a function for each event of a page, in their order.
  func listen(to session: String, _ listener: @escaping @Sendable (Event) -> Void) {
    inbox.add(listener, for: session)
  }

  /// Closes it. Commands that wait for a reply fail.
  func close() async { try? await channel.close() }

  private func write(
    _ id: Int, _ method: String, _ parameters: [String: JSON], session: String?
  ) throws -> EventLoopFuture<Void> {
    let command = Command(id: id, sessionId: session, method: method, params: parameters)
    let data = ByteBuffer(bytes: try JSONEncoder().encode(command))
    return channel.writeAndFlush(
      WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: data))
  }

  private struct Command: Encodable {
    let id: Int
    let sessionId: String?
    let method: String
    let params: [String: JSON]
  }
}
