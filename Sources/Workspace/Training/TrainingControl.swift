package import Foundation
package import RunLog

/// Requests to a running training. Both closures are called often, on the training's thread.
package struct TrainingControl {
  /// Whether to save and stop.
  package let stopped: () -> Bool
  /// Whether a checkpoint was requested since the last call.
  package let wantsSave: () -> Bool

  package init(stopped: @escaping () -> Bool, wantsSave: @escaping () -> Bool = { false }) {
    self.stopped = stopped
    self.wantsSave = wantsSave
  }
}

/// How a training of a run ended.
package enum TrainingResult {
  case finished(Run, adapter: URL)
  /// Stopped after a step that was saved.
  case stopped(Run, step: Int)
}
