package import Files
package import Ranks
package import Training

/// One training seen from a rank that is not rank 0: it trains what rank 0 trains, and writes nothing but caches.
package struct FollowingSession {
  private let setup: TrainingSetup
  private let ranks: RankGroup

  /// Reads and checks everything that the training needs, as ``TrainingSession`` does on rank 0.
  package init(
    _ config: TrainingConfig, keepsSteps: Bool = false, allowing allowedChanges: Set<String> = [],
    ranks: RankGroup, in project: ProjectFolder, report: @escaping WorkspaceReport
  ) throws {
    self.ranks = ranks
    setup = try TrainingSetup.opened(
      config, keepsSteps: keepsSteps, allowing: allowedChanges, ranks: ranks, in: project,
      report: report)
  }

  /// Trains until rank 0 ends. Throws `RankError`, and the errors of a training.
  package func train(_ control: TrainingControl) throws -> Trainer.Outcome {
    try Trainer.follow(setup, ranks, stopped: control.stopped)
  }
}
