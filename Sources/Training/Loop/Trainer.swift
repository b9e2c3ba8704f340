public import Ranks
import Torch

/// Trains an adapter: prepares the data, loads the frozen base model, trains, draws samples and
/// saves checkpoints. Progress is reported as events.
public final class Trainer {
  /// The end of a training.
  public enum Outcome: Sendable, Equatable {
    /// All steps are done.
    case finished
    /// The training was stopped and has saved its last step.
    case stopped(step: Int)
  }

  private let setup: TrainingSetup
  private let folder: RunFolder
  /// Whether this process writes the run.
  private let writes: Bool

  /// Creates the training of a run in its folder.
  public init(_ setup: TrainingSetup, folder: RunFolder) {
    (self.setup, self.folder, writes) = (setup, folder, true)
  }

  private init(following setup: TrainingSetup, folder: RunFolder) {
    (self.setup, self.folder, writes) = (setup, folder, false)
  }

  /// Trains what rank 0 trains, as another rank, and writes nothing but caches.
  ///
  /// - Parameter stopped: As in ``train(from:resume:stopped:wantsSave:report:)``.
  /// - Throws: `RankError`, and the errors of ``train(from:resume:stopped:wantsSave:report:)``.
  public static func follow(
    _ setup: TrainingSetup, _ ranks: RankGroup, stopped: @escaping () -> Bool
  ) throws -> Outcome {
    defer { RankPlan.removeScratch() }
    let (plan, checkpoint) = try RankPlan.receive(ranks)
    let trainer = Trainer(
      following: setup.following(plan), folder: RunFolder(RankPlan.scratch))
    return try trainer.run(
      from: checkpoint, resume: plan.resume, stopped: stopped, wantsSave: { false },
      report: { _ in })
  }

  /// Trains from a checkpoint, or from the beginning, to the last step. After an error the steps
  /// done are saved, if possible, before it is thrown. If a checkpoint or a sample cannot be
  /// written, or memory is short for a validation or a sample, this is reported and the training
  /// continues.
  ///
  /// - Parameters:
  ///   - resume: The present resume; nil for a new run.
  ///   - stopped: Called often. Once it returns true, the training saves and returns.
  ///   - wantsSave: Called after each step. If it returns true, the step is saved.
  ///   - report: Called with each event, on the caller's thread. Its error ends the training
  ///     without saving.
  /// - Throws: `TrainingError`, `TorchError`, `WeightsError`, `FileAccessError`,
  ///   `CheckpointError.differs` for a checkpoint of another training, `CheckpointError.unsaved` if
  ///   the last step could not be saved, and errors of the dataset and the model.
  public func train(
    from checkpoint: CheckpointFolder?, resume: Resume? = nil,
    stopped: @escaping () -> Bool, wantsSave: @escaping () -> Bool = { false },
    report: @escaping (TrainingEvent) throws -> Void
  ) throws -> Outcome {
    if let ranks = setup.ranks {
      try RankPlan.send(setup, folder, checkpoint, resume, ranks)
    }
    return try run(
      from: checkpoint, resume: resume, stopped: stopped, wantsSave: wantsSave, report: report)
  }

  private func run(
    from checkpoint: CheckpointFolder?, resume: Resume?, stopped: @escaping () -> Bool,
    wantsSave: @escaping () -> Bool, report: @escaping (TrainingEvent) throws -> Void
  ) throws -> Outcome {
    if let threads = setup.config.threads { Backend.threads = threads }
    let limit = MemoryLimit(setup)
    try limit.start()
    defer {
      limit.end()
      if setup.device.isCUDA { Backend.tunesConvolutions = false }
    }
    if setup.device.isCUDA, setup.config.deterministic { try Backend.useDeterministicKernels() }
    let wantsStop = { [ranks = setup.ranks] in
      guard let ranks else { return stopped() }
      if stopped() { ranks.requestStop() }
      return ranks.isStopRequested
    }
    let checkStop = { if wantsStop() { throw StopRequest() } }
    let state = try checkpoint?.state()
    var resume = resume
    // Class images that were drawn again may differ.
    func compare(_ identity: RunIdentity) throws {
      guard let state else { return }
      let (differences, notes) = setup.comparison(of: identity, with: state)
      let forbidden = differences.filter {
        !setup.allows($0) && resume?.changes.contains($0.description) != true
      }
      guard forbidden.isEmpty else {
        throw CheckpointError.differs(run: "Run \(folder.id)", differences: forbidden)
      }
      for change in differences.map(\.description)
      where resume?.changes.contains(change) == false { resume?.changes.append(change) }
      for note in notes { try report(.note(note)) }
    }
    let training: AdapterTraining
    let changes: [MemoryChange]
    do {
      let data = try PreparedData(
        setup, from: state?.step ?? 0, compare: compare, checkStop: checkStop, report: report)
      if writes { try data.cacheUse.write(to: folder) }
      try setup.ranks.together(checkStop)
      if setup.device.isCUDA {
        // Deterministic kernels are not chosen by their time, and some algorithms take much memory.
        Backend.tunesConvolutions =
          !setup.config.deterministic && setup.memory.isRoomy(MemoryRung(setup.config))
      }
      try report(.preparing("UNet", done: 0, of: 1))
      (training, changes) = try AdapterTraining.steppingDown(
        setup, data: data, from: checkpoint, resume: resume, wantsStop: wantsStop)
      try setup.ranks.together(checkStop)
      try training.equalizeRanks()
    } catch is StopRequest {
      return .stopped(step: checkpoint?.step ?? 0)
    }
    try report(.ready(sites: training.siteCount, parameters: training.parameterCount))
    for change in changes { try report(.memoryChange(change)) }
    let saver = try writes ? saver(of: training, from: state, report: report) : nil
    let loop = TrainingLoop(
      config: setup.config, device: setup.device, training: training,
      samples: SampleGrid(setup, data: training.data, folder: folder, text: training.text),
      saver: saver,
      checkStop: checkStop,
      wantsSave: wantsSave, report: report)
    do {
      return try loop.run()
    } catch let error as UnsavableError {
      saver?.wait()
      throw error.cause
    } catch {
      do {
        try saver?.finish()
      } catch {
        // A full disk, for instance, causes both errors. The first one is thrown.
        saver?.wait()
      }
      throw error
    }
  }

  /// Opens the history of the run, and prepares to save checkpoints.
  private func saver(
    of training: AdapterTraining, from state: TrainingState?,
    report: @escaping (TrainingEvent) throws -> Void
  ) throws -> CheckpointSaver {
    let (history, problem) = try HistoryFile.open(in: folder, from: state)
    if let problem { try report(.note(problem)) }
    if let state, !setup.keepsValidation(of: state) { try history.append(.validationReset) }
    return CheckpointSaver(
      training, folder: folder, history: history, retention: Retention(setup.config),
      validation: folder.evaluations(comparableIn: setup), report: report)
  }
}
