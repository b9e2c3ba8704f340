package import Foundation
package import RunLog

/// What is wanted of a training while it runs. Both are called often, on the training's thread.
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
  /// All steps are done.
  case finished(Run, adapter: URL)
  /// It was stopped, and has saved.
  case stopped(Run, step: Int)
}
