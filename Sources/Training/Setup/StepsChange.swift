import Files
import NN

/// Another number of steps for a run that is resumed.
package struct StepsChange {
  private let run: Int64
  private let old: Int
  private let new: TrainingConfig
  private let trained: TrainingConfig
  private let done: Int

  /// nil if the number is the same.
  ///
  /// - Parameters:
  ///   - run: The number of the run.
  ///   - old: The number of steps that the run was last started with.
  ///   - trained: The configuration of the steps done.
  ///   - done: The number of steps done.
  package init?(
    ofRun run: Int64, from old: Int, to new: TrainingConfig, trained: TrainingConfig, done: Int
  ) {
    guard old != new.steps else { return nil }
    (self.run, self.old, self.new) = (run, old, new)
    (self.trained, self.done) = (trained, done)
  }

  /// The change and its effect on the learning rate.
  package var sentence: String {
    let change = "Run \(run) has another number of steps: \(old) -> \(new.steps)"
    guard done > 0, new.optimization.learningRateSchedule != .constant else { return "\(change)." }
    let next = rate(new, afterSteps: done)
    let last = rate(trained, afterSteps: done - 1)
    return
      "\(change); its \(new.optimization.learningRateSchedule.rawValue) schedule now ends at step \(new.steps), so "
      + "the learning rate changes from \(last) in step \(done) to \(next) in step \(done + 1), and "
      + "the result is not that of a run of \(new.steps) steps."
  }

  private func rate(_ config: TrainingConfig, afterSteps done: Int) -> String {
    let schedule = LearningRateSchedule(config)
    return (config.optimization.learningRate * schedule.factor(afterSteps: done)).significant(3)
  }
}
