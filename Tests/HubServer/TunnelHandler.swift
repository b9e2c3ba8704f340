import Foundation
import NIOCore
import NIOHTTP1

/// The first handler of a proxy's connection: it answers `CONNECT`, and then the server itself plays the
/// host that was asked for.
final class TunnelHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let answer: (Request) -> Answer
  private let makeHandler: () -> RequestHandler
  private var head = Data()

  /// - Parameters:
  ///   - answer: decides about `CONNECT`; the status 200 opens the tunnel.
  ///   - makeHandler: makes the handler of the requests in the tunnel.
  init(answer: @escaping (Request) -> Answer, makeHandler: @escaping () -> RequestHandler) {
    self.answer = answer
    self.makeHandler = makeHandler
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    head.append(contentsOf: unwrapInboundIn(data).readableBytesView)
    guard head.suffix(4) == Data("\r\n\r\n".utf8) else { return }
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    let words = lines[0].split(separator: " ").map(String.init)
    let headers = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (name: String(parts[0]), value: String(parts[1]).trimmingCharacters(in: .whitespaces))
    }
    let answer = answer(Request(method: words[0], target: words[1], headers: headers))
    let status = HTTPResponseStatus(statusCode: answer.status)
    let line = "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
    guard words[0] == "CONNECT", answer.status == 200 else {
      let refusal = ByteBuffer(string: line + "Content-Length: 0\r\nConnection: close\r\n\r\n")
      let channel = context.channel
      context.writeAndFlush(wrapOutboundOut(refusal)).whenComplete { _ in
        channel.close(promise: nil)
      }
      return
    }
    do {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: line + "\r\n")), promise: nil)
      let pipeline = context.pipeline.syncOperations
      pipeline.removeHandler(context: context, promise: nil)
      try pipeline.configureHTTPServerPipeline()
      try pipeline.addHandler(makeHandler())
    } catch {
      context.close(promise: nil)
    }
  }
}
