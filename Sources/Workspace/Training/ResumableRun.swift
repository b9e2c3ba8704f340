import Foundation
import Options
import RunLog
import Training

/// A run, compared with the training that would resume or extend it.
struct ResumableRun {
  let run: Run
  /// The setup with the settings that it takes over from the run.
  let setup: TrainingSetup
  /// The checkpoint to resume from; nil for a run without checkpoints, which starts again.
  let checkpoint: CheckpointFolder?
  /// The damage of newer checkpoints, one sentence each.
  let damages: [String]
  /// Another number of steps; nil if it is the run's.
  let stepsChange: StepsChange?
  /// Changes that do not affect exactness.
  let notes: [String]
  /// Changes that make it another training.
  let differences: [TrainingDifference]
  /// The same kind of changes, if the user has allowed them.
  let changes: [String]

  /// Compares a run with a training, and checks the newest checkpoint against its hashes. Throws
  /// `CheckpointError`, `RunError`.
  init(_ run: Run, setup: TrainingSetup, project: ProjectFolder) throws {
    let (checkpoint, damages) = project.folder(of: run).newestCheckpoint()
    try self.init(
      run, setup: setup, checkpoint: checkpoint, state: checkpoint?.state(), damages: damages)
  }

  private init(
    _ run: Run, setup: TrainingSetup, checkpoint: CheckpointFolder?, state: TrainingState?,
    damages: [String] = []
  ) throws {
    self.run = run
    self.checkpoint = checkpoint
    self.damages = damages
    var setup = setup
    // Whoever extends a finished run wants another number of steps.
    if run.status == .finished {
      setup.allowedChanges.insert(TrainingConfig.schema.key(of: \.$steps))
    }
    let found: [TrainingDifference]
    if let state {
      self.setup = setup.resuming(state.config)
      stepsChange = StepsChange(
        ofRun: run.id, from: state.config, to: self.setup.config, done: state.step)
      found = try self.setup.differences(from: state)
      notes = self.setup.notes(on: state)
    } else {
      let recorded = try TrainingConfig(recorded: run)
      self.setup = setup.resuming(recorded)
      stepsChange = StepsChange(ofRun: run.id, from: recorded, to: self.setup.config, done: 0)
      found = self.setup.config.differencesForbiddenOnResume(from: recorded)
        .map(TrainingDifference.init)
      notes = []
    }
    differences = found.filter { !setup.allows($0) }
    changes = found.filter { setup.allows($0) }.map(\.description)
  }

  /// The unfinished run of the same settings; else the subject's latest run, if it is unfinished, so that
  /// no run is abandoned unnoticed; else nil. Reads only the states of checkpoints. Throws
  /// `RunLogError`.
  static func find(
    for setup: TrainingSetup, in log: RunLog, project: ProjectFolder
  ) throws -> Run? {
    let runs = try log.runs().filter { $0.subject == setup.config.subject }
    let unfinished = runs.filter { $0.status != .finished }
    return unfinished.last { isSame($0, setup, project) }
      ?? unfinished.last { $0.id == runs.last?.id }
  }

  /// The subject's last finished run of the same settings, apart from the number of steps; nil if there
  /// is none with a checkpoint. Reads only the states of checkpoints. Throws `RunLogError`.
  static func finished(
    for setup: TrainingSetup, in log: RunLog, project: ProjectFolder
  ) throws -> Run? {
    try log.runs().last { run in
      run.subject == setup.config.subject && run.status == .finished
        && !project.folder(of: run).checkpoints.isEmpty && isSame(run, setup, project)
    }
  }

  /// Whether a setup would train the same as a run. A damaged run, or one of another version, is not the
  /// same.
  private static func isSame(
    _ run: Run, _ setup: TrainingSetup, _ project: ProjectFolder
  ) -> Bool {
    do {
      let state = try newestState(in: project.folder(of: run))
      return try ResumableRun(run, setup: setup, checkpoint: nil, state: state).differences.isEmpty
    } catch {
      return false
    }
  }

  /// The newest readable state; nil without checkpoints. Throws `CheckpointError`.
  private static func newestState(in folder: RunFolder) throws -> TrainingState? {
    var problem: (any Error)?
    for checkpoint in folder.checkpoints {
      do {
        return try checkpoint.state()
      } catch {
        problem = problem ?? error
      }
    }
    if let problem { throw problem }
    return nil
  }
}
