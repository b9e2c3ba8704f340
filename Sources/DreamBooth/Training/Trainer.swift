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
  private let run: Int
  private let folder: RunFolder

  /// A training of run number `run` in its folder.
  public init(_ setup: TrainingSetup, run: Int, folder: RunFolder) {
    self.setup = setup
    self.run = run
    self.folder = folder
  }

  /// Trains from a checkpoint, or from the beginning, to the last step. An error in between loses no
  /// step: what is done is saved before it is thrown, where that is possible.
  ///
  /// - Parameters:
  ///   - stopped: asked often; once it says true, the training saves and returns.
  ///   - report: told what happens; what it throws ends the training without saving.
  /// - Throws: `TrainingError`, `TorchError`, `WeightsError`, `FileAccessError`,
  ///   `CheckpointError.differs` for a checkpoint of another training, and other errors of the data
  ///   and the model, each a sentence of its own.
  public func train(
    from checkpoint: CheckpointFolder?, stopped: @escaping () -> Bool,
    report: @escaping (TrainingEvent) throws -> Void
  ) throws -> Outcome {
    if let threads = setup.config.threads { Backend.threads = threads }
    let checkStop = { if stopped() { throw StopRequest() } }
    let state = try checkpoint?.state()
    // Class images that were drawn again may have become others.
    func compare(_ identity: RunIdentity) throws {
      guard let state else { return }
      let (differences, notes) = setup.comparison(of: identity, with: state)
      guard differences.isEmpty else {
        throw CheckpointError.differs(run: "Run \(run)", differences: differences)
      }
      for note in notes { try report(.note(note)) }
    }
    let data: PreparedData
    do {
      data = try PreparedData(
        setup, from: state?.step ?? 0, compare: compare, checkStop: checkStop, report: report)
      try data.cacheUse.write(to: folder)
    } catch is StopRequest {
      return .stopped(step: checkpoint?.step ?? 0)
    }
    try report(.preparing("UNet", done: 0, of: 1))
    let training = try AdapterTraining(setup, data: data, from: checkpoint)
    try report(.ready(sites: training.sites.count, parameters: training.parameterCount))
    return try train(
      training, SampleGrid(setup, data: data, folder: folder), checkStop: checkStop, report: report)
  }

  private func train(
    _ training: AdapterTraining, _ samples: SampleGrid, checkStop: () throws -> Void,
    report: (TrainingEvent) throws -> Void
  ) throws -> Outcome {
    let config = setup.config
    func tell(_ event: TrainingEvent) throws(UnsavableError) {
      try UnsavableError.marking { try report(event) }
    }
    var saved = (step: training.done, evaluations: training.evaluations)
    func save() throws(UnsavableError) {
      let now = (step: training.done, evaluations: training.evaluations)
      guard now.step > 0, now != saved else { return }
      try tell(.saving(step: training.done))
      let (checkpoint, sha256) = try UnsavableError.marking {
        let checkpoint = try training.save(run: run, in: folder)
        return (checkpoint, try checkpoint.verify())
      }
      saved = now
      try tell(.checkpoint(step: now.step, folder: checkpoint.url, sha256: sha256))
    }
    func sample() throws {
      guard config.isDue(training.done, every: config.sampleEvery) else { return }
      try samples.draw(
        step: training.done, unet: training.unet, checkStop: checkStop, report: tell)
    }
    func validate() throws {
      guard config.isDue(training.done, every: config.validateEvery) else { return }
      guard let report = try training.validate(checkStop: checkStop) else { return }
      try tell(.validation(report))
    }
    func steps() throws -> Outcome {
      do {
        try validate()
        // The untouched base; or the grid that was being drawn when the run was interrupted.
        if !samples.exists(step: training.done) { try sample() }
        while training.done < config.steps {
          try tell(.step(training.advance(checkStop: checkStop)))
          try validate()
          let isLast = training.done == config.steps
          if isLast || config.isDue(training.done, every: config.checkpointEvery) { try save() }
          try sample()
        }
        // The last evaluation, where that alone was left to do.
        try save()
        return .finished
      } catch is StopRequest {
        try save()
        return .stopped(step: training.done)
      }
    }

    do {
      return try steps()
    } catch let error as UnsavableError {
      throw error.cause
    } catch {
      do {
        try save()
      } catch {
        // A full disk, for instance, ends both; the first error is the one to tell.
      }
      throw error
    }
  }
}

extension TrainingConfig {
  /// Whether something that happens every so many steps (0: never) and after the last one happens
  /// after this step.
  fileprivate func isDue(_ step: Int, every interval: Int) -> Bool {
    interval > 0 && (step.isMultiple(of: interval) || step == steps)
  }
}
