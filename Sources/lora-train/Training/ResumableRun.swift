import DreamBooth
import Foundation
import RunLog

/// A run that is not finished, looked at as something to go on with.
struct ResumableRun {
  let run: Run
  /// The training that is asked for, as it goes on with this run.
  let setup: TrainingSetup
  /// What to go on from; nil for a run that has saved nothing and begins again.
  let checkpoint: CheckpointFolder?
  /// Damage of checkpoints that are newer than that.
  let damages: [String]
  /// What has changed without making it another training.
  let notes: [String]
  /// What makes it another training than the one that is asked for.
  let differences: [String]
  /// What would, and is let pass.
  let changes: [String]

  /// Compares a run with what is asked for. Throws `CheckpointError`, `NothingFound`.
  init(_ run: Run, setup: TrainingSetup, root: RootOption) throws {
    self.run = run
    let found: [TrainingDifference]
    (checkpoint, damages) = run.folder(below: root).newestCheckpoint()
    if let state = try checkpoint?.state() {
      self.setup = setup.continuing(state.config)
      found = try self.setup.differences(from: state)
      notes = self.setup.notes(on: state)
    } else {
      let recorded = try TrainingConfig(recorded: run)
      self.setup = setup.continuing(recorded)
      found = try self.setup.config.differencesForbiddenOnResume(from: recorded)
        .map(TrainingDifference.init)
      notes = []
    }
    differences = found.filter { !setup.allows($0) }.map(\.description)
    changes = found.filter { setup.allows($0) }.map(\.description)
  }

  /// The run that the same command has begun before; else the subject's latest, where that is not
  /// finished, so that it is not abandoned unseen; else nil. Throws `RunLogError`.
  static func find(for setup: TrainingSetup, in log: RunLog, root: RootOption) throws -> Run? {
    let runs = try log.runs().filter { $0.subject == setup.config.subject }
    let unfinished = runs.filter { $0.status != .finished }
    let same = unfinished.last { run in
      do {
        return try ResumableRun(run, setup: setup, root: root).differences.isEmpty
      } catch {
        // Damaged, or of another version: so it is not the one.
        return false
      }
    }
    return same ?? unfinished.last { $0.id == runs.last?.id }
  }
}

extension TrainingConfig {
  /// The configuration that a run was recorded with. Throws `NothingFound` where it is of another
  /// version.
  init(recorded run: Run) throws {
    do {
      self = try JSONDecoder().decode(TrainingConfig.self, from: Data(run.config.utf8))
    } catch {
      throw NothingFound(
        "Run \(run.id) was recorded by version \(run.version) with options that this version does "
          + "not know; continue it with that version.")
    }
  }
}
