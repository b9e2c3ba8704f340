import ArgumentParser
import Foundation
import Hub

/// Requests of a command to the Hub.
enum HubAccess {
  /// Calls `body` with a client that the environment variables describe, and waits for it. A stop signal
  /// cancels it, and then the exit code is 130. Throws what `body` throws.
  static func run<Value: Sendable>(
    stopped advice: String, _ body: @escaping @Sendable (HubClient) async throws -> Value
  ) throws -> Value {
    let settings = try HubSettings(environment: ProcessInfo.processInfo.environment)
    let signal = StopSignal()
    do {
      return try AsyncWork.run(signal) {
        try await HubClient.using(settings, note: Console.note, body: body)
      }
    } catch is CancellationError {
      Console.message(advice)
      throw ExitCode(130)
    }
  }
}
