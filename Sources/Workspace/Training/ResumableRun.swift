import Foundation
import Options
import RunLog
import Training

/// An unfinished run, compared with the training that would resume it.
struct ResumableRun {
  let run: Run
  /// The setup with the settings that it takes over from the run.
  let setup: TrainingSetup
  /// The checkpoint to resume from; nil for a run without checkpoints, which starts again.
  let checkpoint: CheckpointFolder?
  /// The damage of newer checkpoints, one sentence each.
  let damages: [String]
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
    let found: [TrainingDifference]
    if let state {
      self.setup = setup.resuming(state.config)
      found = try self.setup.differences(from: state)
      notes = self.setup.notes(on: state)
    } else {
      let recorded = try TrainingConfig(recorded: run)
      self.setup = setup.resuming(recorded)
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
    let same = unfinished.last { run in
      do {
        let state = try newestState(in: project.folder(of: run))
        return try ResumableRun(run, setup: setup, checkpoint: nil, state: state)
          .differences.isEmpty
      } catch {
        // A damaged run, or one of another version, is not the same.
        return false
      }
    }
    return same ?? unfinished.last { $0.id == runs.last?.id }
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
