import Foundation
import Synchronization

/// A function that runs once on its own thread.
final class BackgroundWork<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let group = DispatchGroup()

  /// Starts the work.
  init(_ work: @escaping @Sendable () throws -> Value) {
    group.enter()
    Thread.detachNewThread { [self] in
      let outcome = Result { try work() }
      result.withLock { $0 = outcome }
      group.leave()
    }
  }

  /// Runs the work at once, on this thread.
  init(done work: () throws -> Value) { result.withLock { $0 = Result { try work() } } }

  var isDone: Bool { result.withLock { $0 != nil } }

  /// Waits for the end of the work. Returns its result or throws its error.
  func value() throws -> Value {
    group.wait()
    guard let outcome = result.withLock({ $0 }) else { throw CancellationError() }
    return try outcome.get()
  }
}
