import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Workspace

/// Answers that go on: server-sent events (HTML Living Standard, section 9.2).
enum EventStream {
  /// The time after which an empty event shows that the connection is alive.
  static let heartbeat = Duration.seconds(15)

  /// An answer with events, until either side ends it. A reader that is slow misses the oldest ones.
  ///
  /// - Parameter first: the event that comes before all others.
  static func response(first: ServerEvent? = nil, _ events: AsyncStream<ServerEvent>) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        try await writer.write(ByteBuffer(string: (first ?? .heartbeat).text))
        for await event in events { try await writer.write(ByteBuffer(string: event.text)) }
        try await writer.finish(nil)
      })
  }
}

/// An event with a name and a value as JSON.
struct ServerEvent: Sendable {
  /// An event without content.
  static let heartbeat = ServerEvent(text: ":\n\n")

  let text: String

  private init(text: String) { self.text = text }

  /// Throws `EncodingError`.
  init(_ name: String, _ value: some Encodable) throws {
    let encoder = Answer.encoder
    text = "event: \(name)\ndata: \(String(decoding: try encoder.encode(value), as: UTF8.self))\n\n"
  }
}

/// The changes of jobs as events. They are made once for all readers.
final class JobFeed: Sendable {
  let events = Broadcast<ServerEvent>()

  private let tasks: [Task<Void, Never>]

  init(_ queue: DrawingQueue) {
    let (events, changes) = (events, queue.changes.values())
    tasks = [
      Task {
        for await change in changes {
          do {
            events.send(try ServerEvent("job", change))
          } catch {
            // No job has a value that JSON cannot have.
          }
        }
        events.finish()
      },
      Task {
        while !Task.isCancelled {
          do { try await Task.sleep(for: EventStream.heartbeat) } catch { return }
          events.send(.heartbeat)
        }
      },
    ]
  }

  deinit { for task in tasks { task.cancel() } }
}
