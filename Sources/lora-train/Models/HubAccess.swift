import ArgumentParser
import Dispatch
import Foundation
import Hub
import Synchronization

/// Requests of a command to the Hub.
enum HubAccess {
  /// Calls `body` with a client that the environment variables describe, and waits for it. A stop signal
  /// cancels it, and then the exit code is 130. Throws what `body` throws.
  static func run<Value: Sendable>(
    stopped advice: String, _ body: @escaping @Sendable (HubClient) async throws -> Value
  ) throws -> Value {
    let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
    let signal = StopSignal()
    let outcome = Outcome<Value>()
    let isDone = DispatchSemaphore(value: 0)
    let task = Task {
      do {
        let value = try await HubClient.using(settings, note: Console.note, body: body)
        outcome.set(.success(value))
      } catch {
        outcome.set(.failure(error))
      }
      isDone.signal()
    }
    while isDone.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
      if signal.isRaised { task.cancel() }
    }
    do {
      return try outcome.value()
    } catch is CancellationError {
      Console.message(advice)
      throw ExitCode(130)
    }
  }

  /// What the task leaves.
  private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>>(.failure(CancellationError()))

    func set(_ result: Result<Value, any Error>) { self.result.withLock { $0 = result } }
    func value() throws -> Value { try result.withLock { $0 }.get() }
  }
}
