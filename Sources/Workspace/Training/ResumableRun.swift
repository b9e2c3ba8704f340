import Foundation
import Options
import RunLog
import Training

/// A run that is not finished, compared with the training that is to continue it.
struct ResumableRun {
  let run: Run
  /// The training, as it resumes this run.
  let setup: TrainingSetup
  /// The checkpoint to resume from; nil for a run that has saved nothing and begins again.
  let checkpoint: CheckpointFolder?
  /// Damage of checkpoints that are newer than that.
  let damages: [String]
  /// What has changed without making it another training.
  let notes: [String]
  /// What makes it another training.
  let differences: [String]
  /// What would, and is allowed to change.
  let changes: [String]

  /// Compares a run with a training, and checks the checkpoint to resume from against its hashes. Throws
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
    let found: [TrainingDifference]
    if let state {
      self.setup = setup.continuing(state.config)
      found = try self.setup.differences(from: state)
      notes = self.setup.notes(on: state)
    } else {
      let recorded = try TrainingConfig(recorded: run)
      self.setup = setup.continuing(recorded)
      found = self.setup.config.differencesForbiddenOnResume(from: recorded)
        .map(TrainingDifference.init)
      notes = []
    }
    differences = found.filter { !setup.allows($0) }.map(\.description)
    changes = found.filter { setup.allows($0) }.map(\.description)
  }

  /// The run that the same command has begun before; else the subject's latest, where that is not
  /// finished, so that it is not abandoned unseen; else nil. Reads states only: the checkpoint that is
  /// resumed is checked then. Throws `RunLogError`.
  static func find(
    for setup: TrainingSetup, in log: RunLog, project: ProjectFolder
  ) throws -> Run? {
    let runs = try log.runs().filter { $0.subject == setup.config.subject }
    let unfinished = runs.filter { $0.status != .finished }
    let same = unfinished.last { run in
      do {
        let state = try newestState(in: project.folder(of: run))
        return try ResumableRun(run, setup: setup, checkpoint: nil, state: state)
          .differences.isEmpty
      } catch {
        // Damaged, or of another version: not the one.
        return false
      }
    }
    return same ?? unfinished.last { $0.id == runs.last?.id }
  }

  /// The newest state that can be read; nil where there is no checkpoint. Throws `CheckpointError`.
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
