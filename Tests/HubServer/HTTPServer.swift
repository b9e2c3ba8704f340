public import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request as a server sees it.
public struct Request: Sendable {
  /// `GET`, `POST`, ...
  public let method: String
  /// The path and query of the request line, or a whole address where a proxy is asked.
  public let target: String
  /// The headers in the order they came in.
  public let headers: [(name: String, value: String)]
  /// What follows the headers.
  public let body: Data

  /// A request that a test makes up.
  public init(
    method: String, target: String, headers: [(name: String, value: String)] = [],
    body: Data = Data()
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
  }

  /// The value of a header, in whatever case its name is written.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The decoded parts of the path.
  public var path: [String] {
    target.prefix { $0 != "?" }.split(separator: "/").map {
      String($0).removingPercentEncoding ?? String($0)
    }
  }

  /// A value of the query.
  public func query(_ name: String) -> String? {
    URLComponents(string: target)?.queryItems?.first { $0.name == name }?.value
  }
}

/// What a server answers.
public struct Answer: Sendable {
  /// How an answer ends.
  public enum Ending: Sendable {
    /// As it should.
    case whole
    /// The connection closes after this many bytes of the body.
    case dropped(after: Int)
    /// The answer names no length, and its body ends too early.
    case truncated(to: Int)
    /// Nothing more is sent after this many bytes, and the connection stays open.
    case stalled(after: Int)
  }

  /// The status, such as 200.
  public var status: Int
  /// The headers without `Content-Length`.
  public var headers: [(name: String, value: String)]
  /// The whole body.
  public var body: Data
  /// How it ends.
  public var ending = Ending.whole

  /// An answer that is sent whole.
  public init(
    _ status: Int, headers: [(name: String, value: String)] = [], body: Data = Data()
  ) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// A server on a loopback address, with a port of its own.
public final class HTTPServer: Sendable {
  /// `http://127.0.0.1:port`.
  public let address: String

  private let channel: any Channel
  private let requests: Log

  private final class Log: Sendable {
    let requests = Mutex<[Request]>([])
  }

  /// Starts a server. `answer` is called for one request after the other.
  ///
  /// - Parameter isProxy: whether each connection begins with `CONNECT`. The server then plays all hosts
  ///   itself.
  public init(
    on host: String = "127.0.0.1", isProxy: Bool = false,
    answer: @escaping @Sendable (Request) -> Answer
  ) throws {
    let log = Log()
    requests = log
    channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          let logged = { (request: Request) in
            log.requests.withLock { $0.append(request) }
            return answer(request)
          }
          if isProxy {
            let makeHandler = { RequestHandler(answer: logged) }
            return try pipeline.addHandler(
              TunnelHandler(answer: logged, makeHandler: makeHandler))
          }
          try pipeline.configureHTTPServerPipeline()
          try pipeline.addHandler(RequestHandler(answer: logged))
        }
      }
      .bind(host: host, port: 0).wait()
    address = "http://\(host):\(channel.localAddress?.port ?? 0)"
  }

  /// The requests so far.
  public var received: [Request] { requests.requests.withLock { $0 } }

  /// Closes the port.
  public func stop() throws { try channel.close().wait() }

  deinit { channel.close(promise: nil) }
}

/// Collects a request and sends its answer.
final class RequestHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let answer: (Request) -> Answer
  private var head: HTTPRequestHead?
  private var body = Data()

  init(answer: @escaping (Request) -> Answer) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = Data()
    case .body(let buffer): body.append(contentsOf: buffer.readableBytesView)
    case .end:
      guard let head else { return }
      let request = Request(
        method: head.method.rawValue, target: head.uri,
        headers: head.headers.map { ($0.name, $0.value) }, body: body)
      send(answer(request), to: head, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func send(_ answer: Answer, to request: HTTPRequestHead, _ context: ChannelHandlerContext)
  {
    var headers = HTTPHeaders(answer.headers)
    var body = request.method == .HEAD ? Data() : answer.body
    var isWhole = true
    var closes = !request.isKeepAlive
    headers.replaceOrAdd(name: "Content-Length", value: "\(answer.body.count)")
    switch answer.ending {
    case .whole: break
    case .dropped(let count):
      body = body.prefix(count)
      isWhole = false
      closes = true
    case .truncated(let count):
      body = body.prefix(count)
      headers.remove(name: "Content-Length")
      headers.replaceOrAdd(name: "Transfer-Encoding", value: "identity")
      headers.replaceOrAdd(name: "Connection", value: "close")
      closes = true
    case .stalled(let count):
      body = body.prefix(count)
      isWhole = false
    }
    let status = HTTPResponseStatus(statusCode: answer.status)
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
    let channel = context.channel
    let isOpen = !closes
    let last: HTTPServerResponsePart = isWhole ? .end(nil) : .body(.byteBuffer(ByteBuffer()))
    context.writeAndFlush(wrapOutboundOut(last)).whenComplete { _ in
      if !isOpen { channel.close(promise: nil) }
    }
  }
}
