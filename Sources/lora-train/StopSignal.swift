import Foundation
import Synchronization

/// Whether the user has asked to stop: SIGINT or SIGTERM. The first lets the training save; the
/// second ends the process at once.
struct StopSignal {
  /// Catches the signals from now on.
  init() {
    stopRequested.store(false, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] { signal(number, requestStop) }
  }

  var isRaised: Bool { stopRequested.load(ordering: .relaxed) }
}

private let stopRequested = Atomic(false)

private func requestStop(_ number: Int32) {
  stopRequested.store(true, ordering: .relaxed)
  signal(number, SIG_DFL)
}
