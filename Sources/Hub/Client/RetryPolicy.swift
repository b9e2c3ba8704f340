/// When a request has failed, and when it is sent again.
package struct RetryPolicy: Sendable {
  /// The number of tries in a row that bring nothing new.
  package let tries: Int
  /// A download that received this many bytes before it broke off starts counting its tries anew.
  package let progress: Int
  /// The pause after the first failure. It doubles with each further one.
  private let firstPause: Duration
  private let longestPause: Duration
  /// The longest pause that a server may ask for.
  package let patience: Duration
  /// The longest time without an answer, or without new bytes of one.
  let silence: Duration
  /// Waits.
  package let sleep: @Sendable (Duration) async throws -> Void

  package init(
    tries: Int = 5, progress: Int = 1 << 24, firstPause: Duration = .seconds(1),
    longestPause: Duration = .seconds(30), patience: Duration = .seconds(600),
    silence: Duration = .seconds(60),
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.tries = tries
    self.progress = progress
    self.firstPause = firstPause
    self.longestPause = longestPause
    self.patience = patience
    self.silence = silence
    self.sleep = sleep
  }

  /// The pause after a number of failures in a row.
  func pause(after failures: Int) -> Duration {
    min(longestPause, firstPause * (1 << min(failures - 1, 16)))
  }

  /// Waits after a failure, or throws its error if there have been too many, or if the server asks
  /// for a longer pause than anyone would wait.
  func wait(after failures: Int, of interruption: Interruption) async throws {
    guard failures < tries else { throw interruption.error.after(tries: failures) }
    let asked = interruption.pause ?? .zero
    guard asked <= patience else { throw interruption.error.after(tries: failures) }
    try await sleep(max(asked, pause(after: failures)))
  }
}

/// A failure that may pass by itself.
struct Interruption: Error {
  /// The error if it does not pass.
  let error: HubError
  /// The pause that the server asks for.
  var pause: Duration?
}
