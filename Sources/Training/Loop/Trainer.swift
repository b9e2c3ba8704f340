import Torch

/// Trains an adapter: prepares the data, loads the frozen base, steps, samples and saves. Knows
/// nothing of databases, terminals or pages; what happens is told to an observer.
public final class Trainer {
  /// How a training ended.
  public enum Outcome: Sendable, Equatable {
    /// All steps are done.
    case finished
    /// It was asked to stop, and has saved.
    case stopped(step: Int)
  }

  private let setup: TrainingSetup
  private let folder: RunFolder

  /// A training of a run in its folder.
  public init(_ setup: TrainingSetup, folder: RunFolder) {
    self.setup = setup
    self.folder = folder
  }

  /// Trains from a checkpoint, or from the beginning, to the last step. An error in between loses no
  /// step: what is done is saved before it is thrown, where that is possible. Where the disk does not
  /// take a checkpoint or a sample, that is told and the training goes on.
  ///
  /// - Parameters:
  ///   - continuation: how the run goes on; nil for one that begins.
  ///   - stopped: asked often; once it says true, the training saves and returns.
  ///   - wantsSave: asked after each step; where it says true, that step is saved.
  ///   - report: told what happens, always on this thread; what it throws ends the training without
  ///     saving.
  /// - Throws: `TrainingError`, `TorchError`, `WeightsError`, `FileAccessError`,
  ///   `CheckpointError.differs` for a checkpoint of another training, `CheckpointError.unsaved`
  ///   where the last of it could not be saved, and other errors of the data and the model, each a
  ///   sentence of its own.
  public func train(
    from checkpoint: CheckpointFolder?, continuation: Continuation? = nil,
    stopped: @escaping () -> Bool, wantsSave: @escaping () -> Bool = { false },
    report: @escaping (TrainingEvent) throws -> Void
  ) throws -> Outcome {
    if let threads = setup.config.threads { Backend.threads = threads }
    if setup.device.isCUDA, setup.config.deterministic { try Backend.useDeterministicKernels() }
    let checkStop = { if stopped() { throw StopRequest() } }
    let state = try checkpoint?.state()
    var continuation = continuation
    // Class images that were drawn again may have become others.
    func compare(_ identity: RunIdentity) throws {
      guard let state else { return }
      let (differences, notes) = setup.comparison(of: identity, with: state)
      let forbidden = differences.filter { !setup.allows($0) }
      guard forbidden.isEmpty else {
        throw CheckpointError.differs(
          run: "Run \(folder.id)", differences: forbidden.map(\.description))
      }
      for change in differences.map(\.description)
      where continuation?.changes.contains(change) == false { continuation?.changes.append(change) }
      for note in notes { try report(.note(note)) }
    }
    let data: PreparedData
    let training: AdapterTraining
    do {
      data = try PreparedData(
        setup, from: state?.step ?? 0, compare: compare, checkStop: checkStop, report: report)
      try data.cacheUse.write(to: folder)
      try checkStop()
      try report(.preparing("UNet", done: 0, of: 1))
      training = try AdapterTraining(
        setup, data: data, from: checkpoint, continuation: continuation)
      try checkStop()
    } catch is StopRequest {
      return .stopped(step: checkpoint?.step ?? 0)
    }
    try report(.ready(sites: training.sites.count, parameters: training.parameterCount))
    let (history, problem) = try HistoryFile.open(in: folder, from: state)
    if let problem { try report(.note(problem)) }
    if let state, !setup.keepsValidation(of: state) { try history.append(.validationReset) }
    let saver = CheckpointSaver(
      training, folder: folder, history: history, retention: Retention(setup.config),
      validation: folder.evaluations(comparableIn: setup), report: report)
    let loop = TrainingLoop(
      config: setup.config, training: training,
      samples: SampleGrid(setup, data: data, folder: folder), saver: saver, checkStop: checkStop,
      wantsSave: wantsSave, report: report)
    do {
      return try loop.run()
    } catch let error as UnsavableError {
      saver.wait()
      throw error.cause
    } catch {
      do {
        try saver.finish()
      } catch {
        // A full disk, for instance, ends both; the first error is the one to tell.
        saver.wait()
      }
      throw error
    }
  }
}
