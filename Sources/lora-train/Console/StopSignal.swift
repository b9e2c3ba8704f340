import Foundation
import Synchronization

/// Requests to a training by signals and by the clock. SIGINT, SIGTERM, and SIGHUP of a closed terminal
/// stop the training: the first signal lets it save, the second ends the process at once. SIGUSR1 saves
/// a checkpoint, and the training continues.
struct StopSignal {
  /// Whether signals are caught. Tests that run commands in their own process leave them alone.
  @TaskLocal static var isCaught = true

  private let deadline: ContinuousClock.Instant?

  /// Catches the signals from now on. A program started with nohup still ignores SIGHUP. Signals that a
  /// parent process has blocked are unblocked.
  ///
  /// - Parameters:
  ///   - minutes: the time after which it requests a stop by itself; nil for never.
  ///   - saves: whether the work is saved before it stops; the message differs.
  init(minutes: Double? = nil, saves: Bool = true) {
    deadline = minutes.map { .now + .seconds(60 * $0) }
    stopRequested.store(false, ordering: .relaxed)
    savesBeforeStop.store(saves, ordering: .relaxed)
    saveRequested.store(false, ordering: .relaxed)
    guard Self.isCaught else { return }
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] { signal(number, requestStop) }
    if signal(SIGHUP, SIG_IGN) == nil { signal(SIGHUP, requestStop) }
    signal(SIGUSR1) { _ in saveRequested.store(true, ordering: .relaxed) }
  }

  var isRaised: Bool { stopRequested.load(ordering: .relaxed) || isOver }

  /// Whether the time limit is over.
  var isOver: Bool { deadline.map { ContinuousClock.now >= $0 } ?? false }

  /// Whether a checkpoint was requested since the last call.
  func takeSaveRequest() -> Bool { saveRequested.exchange(false, ordering: .relaxed) }
}

/// Thrown inside a drawing to end it after a stop signal.
struct Stopped: Error {}

private let stopRequested = Atomic(false)
private let saveRequested = Atomic(false)
private let savesBeforeStop = Atomic(true)

/// Calls only functions that are safe in a signal handler.
private func requestStop(_ number: Int32) {
  // The interrupted code may be about to read it.
  let code = errno
  defer { errno = code }
  stopRequested.store(true, ordering: .relaxed)
  let message: StaticString =
    savesBeforeStop.load(ordering: .relaxed)
    ? "\nStopping after saving; Ctrl-C again stops at once, without saving.\n"
    : "\nStopping; Ctrl-C again stops at once.\n"
  write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
  signal(number, SIG_DFL)
}
