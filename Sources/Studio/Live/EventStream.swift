import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers that go on: server-sent events (HTML Living Standard, section 9.2).
enum EventStream {
  /// The time after which an empty line shows that the connection is alive.
  private static let heartbeat = Duration.seconds(15)

  /// An answer with the events of a stream, until either side ends it.
  static func response(_ events: AsyncStream<ServerEvent>) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        let beating = withHeartbeats(events)
        for await text in beating {
          try await writer.write(ByteBuffer(string: text))
        }
        try await writer.finish(nil)
      })
  }

  private static func withHeartbeats(_ events: AsyncStream<ServerEvent>) -> AsyncStream<String> {
    let (texts, continuation) = AsyncStream.makeStream(of: String.self)
    let sending = Task {
      for await event in events { continuation.yield(event.text) }
      continuation.finish()
    }
    let beating = Task {
      while !Task.isCancelled {
        continuation.yield(":\n\n")
        do { try await Task.sleep(for: heartbeat) } catch { return }
      }
    }
    continuation.onTermination = { _ in
      sending.cancel()
      beating.cancel()
    }
    return texts
  }
}

/// An event with a name and a value as JSON.
struct ServerEvent: Sendable {
  let text: String

  /// Throws `EncodingError`.
  init(_ name: String, _ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    text = "event: \(name)\ndata: \(json)\n\n"
  }
}
