import Foundation
import Synchronization

/// Sends values to any number of listeners. A listener that is slow misses the oldest ones.
package final class Broadcast<Value: Sendable>: Sendable {
  private static var buffer: Int { 64 }

  private let listeners = Mutex<[UUID: AsyncStream<Value>.Continuation]>([:])

  package init() {}

  /// The values that are sent from now on.
  package func values() -> AsyncStream<Value> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Value.self, bufferingPolicy: .bufferingNewest(Self.buffer))
    let id = UUID()
    continuation.onTermination = { [weak self] _ in
      self?.listeners.withLock { _ = $0.removeValue(forKey: id) }
    }
    listeners.withLock { $0[id] = continuation }
    return stream
  }

  /// Whether anyone listens.
  package var isHeard: Bool { listeners.withLock { !$0.isEmpty } }

  package func send(_ value: Value) {
    let all = listeners.withLock { Array($0.values) }
    for listener in all { listener.yield(value) }
  }

  /// Ends all streams.
  package func finish() {
    let all = listeners.withLock { Array($0.values) }
    for listener in all { listener.finish() }
  }
}
