import Files
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
  /// `CheckpointError`, `RunLogError`, `RunError`, which includes a checkpoint of another run.
  init(_ run: Run, setup: TrainingSetup, in log: RunLog, project: ProjectFolder) throws {
    let folder = project.folder(of: run)
    let (checkpoint, damages) = folder.newestCheckpoint()
    if let checkpoint {
      try folder.checkOwner(of: checkpoint, recorded: log.checkpoints(run.id))
    }
    try self.init(
      run, setup: setup, in: log, checkpoint: checkpoint, state: checkpoint?.state(),
      damages: damages)
  }

  private init(
    _ run: Run, setup: TrainingSetup, in log: RunLog, checkpoint: CheckpointFolder?,
    state: TrainingState?, damages: [String] = []
  ) throws {
    self.run = run
    self.checkpoint = checkpoint
    self.damages = damages
    let recorded = try Self.recorded(run, state)
    let trained = state?.config ?? recorded
    self.setup = setup.resuming(recorded, ranOutOfMemory: state?.ranOutOfMemory ?? false)
    stepsChange = StepsChange(
      ofRun: run.id, from: recorded.steps, to: self.setup.config, trained: trained,
      done: state?.step ?? 0)
    let found: [TrainingDifference]
    if let state {
      found = try self.setup.differences(from: state)
      notes =
        self.setup.notes(on: state) + Self.kept(setup, self.setup, run)
        + Self.keptRung(setup, self.setup, run, state)
    } else {
      found = self.setup.config.differencesForbiddenOnResume(from: trained)
        .map(TrainingDifference.init)
      notes = Self.kept(setup, self.setup, run)
    }
    var allowed = setup
    // Whoever extends a run that has done all its steps wants another number of steps.
    if run.status == .finished || state.map({ $0.step >= $0.config.steps }) ?? false {
      allowed.allowedChanges.insert(TrainingConfig.schema.key(of: \.$steps))
    }
    let before = try state.map { try Self.changes(of: run, since: $0.step, in: log) } ?? []
    let isAllowed = { (difference: TrainingDifference) in
      allowed.allows(difference) || before.contains(difference.description)
    }
    differences = found.filter { !isAllowed($0) }
    changes = found.filter(isAllowed).map(\.description)
  }

  /// The configuration of a run's newest checkpoint, with the length that the run was last started with,
  /// which may be after the checkpoint. The record is older only if a database was restored from a copy.
  private static func recorded(_ run: Run, _ state: TrainingState?) throws -> TrainingConfig {
    guard var config = state?.config else { return try TrainingConfig(recorded: run) }
    guard state?.step ?? 0 <= run.steps else { return config }
    config.steps = run.steps
    config.epochs = try TrainingConfig(recorded: run).epochs
    return config
  }

  /// A note if the run keeps what it has changed when its memory ran out, although other settings are given.
  private static func keptRung(
    _ setup: TrainingSetup, _ resumed: TrainingSetup, _ run: Run, _ state: TrainingState?
  ) -> [String] {
    guard state?.ranOutOfMemory == true, setup.setsRung,
      MemoryRung(setup.config) != MemoryRung(resumed.config)
    else { return [] }
    return [
      "Run \(run.id) has run out of memory, and continues with \(MemoryRung(resumed.config).description)."
    ]
  }

  /// A note if an epoch has another number of steps now, which the run does not take over.
  private static func kept(_ setup: TrainingSetup, _ resumed: TrainingSetup, _ run: Run) -> [String]
  {
    guard let epochs = setup.config.epochs, resumed.config.epochs == epochs,
      setup.config.steps != resumed.config.steps
    else { return [] }
    return [
      "Run \(run.id) keeps its \(resumed.config.steps) steps, the \(epochs) epochs of its start."
    ]
  }

  /// The changes that the last resumes were allowed, if they have saved no checkpoint since. They need not
  /// be allowed again.
  private static func changes(
    of run: Run, since step: Int, in log: RunLog
  ) throws -> [String] {
    try log.resumes(run.id).reversed().prefix { $0.step == step }.flatMap {
      ($0.changes ?? "").components(separatedBy: ResumeRecord.changesSeparator)
    }
  }

  /// The unfinished run of the same settings; else the subject's latest run, if it is unfinished, so that
  /// no run is abandoned unnoticed; else nil. Reads only the states of checkpoints. Throws
  /// `RunLogError`.
  static func find(
    for setup: TrainingSetup, in log: RunLog, project: ProjectFolder
  ) throws -> Run? {
    let runs = try log.runs().filter { $0.subject == setup.config.subject }
    let unfinished = runs.filter { $0.status != .finished }
    return unfinished.last { isSame($0, setup, log, project) }
      ?? unfinished.last { $0.id == runs.last?.id }
  }

  /// The subject's last finished run of the same settings, apart from the number of steps; nil if there
  /// is none with a checkpoint. Reads only the states of checkpoints. Throws `RunLogError`.
  static func finished(
    for setup: TrainingSetup, in log: RunLog, project: ProjectFolder
  ) throws -> Run? {
    try log.runs().last { run in
      run.subject == setup.config.subject && run.status == .finished
        && !project.folder(of: run).checkpoints.isEmpty && isSame(run, setup, log, project)
    }
  }

  /// Why a training with more steps does not extend the subject's latest run, in one sentence; nil if that is
  /// unfinished or has as many steps. Throws `RunLogError`.
  static func obstacle(
    to setup: TrainingSetup, in log: RunLog, project: ProjectFolder
  ) throws -> String? {
    guard let run = try log.runs().last(where: { $0.subject == setup.config.subject }),
      run.status == .finished, run.steps < setup.config.steps
    else { return nil }
    let start = "Run \(run.id) has finished \(run.steps) steps and is not extended, "
    let folder = project.folder(of: run)
    guard !folder.checkpoints.isEmpty else {
      return start + "because \(folder.url.relativePath) has no checkpoint, so a new run starts."
    }
    do {
      let differences = try ResumableRun(
        run, setup: setup, in: log, checkpoint: nil, state: newestState(in: folder)
      ).differences
      return start + "because its training was another "
        + "(\(listing(differences.map(\.description)))), so a new run starts."
    } catch {
      return start + "and a new run starts: \(error)"
    }
  }

  /// Whether a setup would train the same as a run. A damaged run, or one of another version, is not the
  /// same.
  private static func isSame(
    _ run: Run, _ setup: TrainingSetup, _ log: RunLog, _ project: ProjectFolder
  ) -> Bool {
    do {
      let state = try newestState(in: project.folder(of: run))
      return try ResumableRun(run, setup: setup, in: log, checkpoint: nil, state: state)
        .differences.isEmpty
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
