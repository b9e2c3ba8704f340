import Foundation
import Synchronization

/// What the user asks of a training by signals and by the clock. SIGINT, SIGTERM, or SIGHUP of a
/// terminal that was closed: stop; the first lets the training save, the second ends the process at
/// once. SIGUSR1: save now, and go on.
struct StopSignal {
  /// When the time that was given is over.
  private let deadline: ContinuousClock.Instant?

  /// Catches the signals from now on. A program started with nohup goes on ignoring SIGHUP; signals
  /// that are blocked, as a parent with threads may leave them, come through again.
  ///
  /// - Parameter minutes: after so many it asks to stop by itself; nil: never.
  init(minutes: Double? = nil) {
    deadline = minutes.map { .now + .seconds(60 * $0) }
    stopRequested.store(false, ordering: .relaxed)
    saveRequested.store(false, ordering: .relaxed)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] { signal(number, requestStop) }
    if signal(SIGHUP, SIG_IGN) == nil { signal(SIGHUP, requestStop) }
    signal(SIGUSR1) { _ in saveRequested.store(true, ordering: .relaxed) }
  }

  /// Whether to stop.
  var isRaised: Bool { stopRequested.load(ordering: .relaxed) || isOver }

  /// Whether the time that was given is over.
  var isOver: Bool { deadline.map { ContinuousClock.now >= $0 } ?? false }

  /// Whether a checkpoint was asked for since the last call.
  func takeSaveRequest() -> Bool { saveRequested.exchange(false, ordering: .relaxed) }
}

/// Ends a drawing from the inside where the user has had enough.
struct Stopped: Error {}

private let stopRequested = Atomic(false)
private let saveRequested = Atomic(false)

/// Calls only what a signal handler may call.
private func requestStop(_ number: Int32) {
  // What was interrupted may be about to look at it.
  let code = errno
  defer { errno = code }
  stopRequested.store(true, ordering: .relaxed)
  let message: StaticString =
    "\nStopping as soon as what is done can be saved; once more ends it at once, without saving.\n"
  write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
  signal(number, SIG_DFL)
}
