import Foundation
import NIOCore
import NIOWebSocket

/// Hands whole messages to the inbox.
final class MessageHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame

  private let inbox: Inbox

  /// A handler of one connection.
  init(_ inbox: Inbox) { self.inbox = inbox }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    if frame.opcode == .text { inbox.receive(Data(frame.unmaskedData.readableBytesView)) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    inbox.close(because: "Chromium ended")
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    inbox.close(because: "\(error)")
    context.close(promise: nil)
  }
}
