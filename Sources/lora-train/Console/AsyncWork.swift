import Dispatch
import Foundation
import Synchronization

/// Asynchronous work of a command.
enum AsyncWork {
  /// Runs `body` and waits for it. A stop signal cancels it. Throws what `body` throws.
  static func run<Value: Sendable>(
    _ signal: StopSignal, _ body: @escaping @Sendable () async throws -> Value
  ) throws -> Value {
    let outcome = Outcome<Value>()
    let isDone = DispatchSemaphore(value: 0)
    let task = Task {
      do {
        outcome.set(.success(try await body()))
      } catch {
        outcome.set(.failure(error))
      }
      isDone.signal()
    }
    while isDone.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
      if signal.isRaised { task.cancel() }
    }
    return try outcome.value()
  }

  /// What the task leaves.
  private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>>(.failure(CancellationError()))

    func set(_ result: Result<Value, any Error>) { self.result.withLock { $0 = result } }
    func value() throws -> Value { try result.withLock { $0 }.get() }
  }
}
