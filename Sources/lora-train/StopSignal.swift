import Foundation
import Synchronization

/// Whether the user has asked to stop: SIGINT, SIGTERM, or SIGHUP of a terminal that was closed. The
/// first lets the training save; the second ends the process at once.
struct StopSignal {
  /// Catches the signals from now on. A program started with nohup goes on ignoring SIGHUP; signals
  /// that are blocked, as a parent with threads may leave them, come through again.
  init() {
    stopRequested.store(false, ordering: .relaxed)
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] { signal(number, requestStop) }
    if signal(SIGHUP, SIG_IGN) == nil { signal(SIGHUP, requestStop) }
  }

  var isRaised: Bool { stopRequested.load(ordering: .relaxed) }
}

/// Ends a drawing from the inside where the user has had enough.
struct Stopped: Error {}

private let stopRequested = Atomic(false)

/// Calls only what a signal handler may call.
private func requestStop(_ number: Int32) {
  stopRequested.store(true, ordering: .relaxed)
  let message: StaticString =
    "\nStopping as soon as what is done can be saved; once more ends it at once, without saving.\n"
  write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
  signal(number, SIG_DFL)
}
