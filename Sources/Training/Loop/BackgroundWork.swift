import Foundation
import Synchronization

/// Something that a thread of its own does, once.
final class BackgroundWork<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let group = DispatchGroup()

  /// Begins at once.
  init(_ work: @escaping @Sendable () throws -> Value) {
    group.enter()
    Thread.detachNewThread { [self] in
      let outcome = Result { try work() }
      result.withLock { $0 = outcome }
      group.leave()
    }
  }

  /// Whether it is done.
  var isDone: Bool { result.withLock { $0 != nil } }

  /// Waits for the end; throws what the work has thrown.
  func value() throws -> Value {
    group.wait()
    guard let outcome = result.withLock({ $0 }) else { throw CancellationError() }
    return try outcome.get()
  }
}
