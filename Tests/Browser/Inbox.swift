import Foundation
import NIOCore
import Synchronization

/// Who waits for which message of Chromium.
final class Inbox: Sendable {
  private struct State {
    var lastID = 0
    var replies: [Int: (method: String, promise: EventLoopPromise<Data>)] = [:]
    var listeners: [String: @Sendable (Event) -> Void] = [:]
  }

  private struct Header: Decodable {
    let id: Int?
    let method: String?
    let sessionId: String?
  }

  private let state = Mutex(State())

  /// A number for a command.
  func nextID() -> Int {
    state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
  }

  /// A number for a command whose reply is awaited.
  func add(_ reply: EventLoopPromise<Data>, to method: String) -> Int {
    let id = nextID()
    state.withLock { $0.replies[id] = (method, reply) }
    return id
  }

  /// Adds the function for a page's events.
  func add(_ listener: @escaping @Sendable (Event) -> Void, for session: String) {
    state.withLock { $0.listeners[session] = listener }
  }

  /// Ends the wait for a reply, if it has not come.
  func fail(_ id: Int, _ error: any Error) {
    state.withLock { $0.replies.removeValue(forKey: id) }?.promise.fail(error)
  }

  /// Ends all waits, since the connection ended.
  func close(because reason: String) {
    let replies = state.withLock { state in
      defer { state.replies = [:] }
      return state.replies.values
    }
    for reply in replies { reply.promise.fail(BrowserError.closed(reply.method, reason: reason)) }
  }

  /// Takes a message.
  func receive(_ message: Data) {
    guard let header = try? JSONDecoder().decode(Header.self, from: message) else { return }
    if let id = header.id {
      state.withLock { $0.replies.removeValue(forKey: id) }?.promise.succeed(message)
    } else if let method = header.method, let session = header.sessionId {
      state.withLock { $0.listeners[session] }?(Event(method: method, message: message))
    }
  }
}
