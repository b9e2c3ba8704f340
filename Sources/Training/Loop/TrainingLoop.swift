import Drawing
import Files
import Ranks
import Torch

/// The steps of a training, and between them validations, checkpoints and samples.
struct TrainingLoop {
  let config: TrainingConfig
  let device: Device
  let training: AdapterTraining
  let samples: SampleGrid
  /// Saves checkpoints; nil on ranks that write nothing.
  let saver: CheckpointSaver?
  let checkStop: () throws -> Void
  let wantsSave: () -> Bool
  let report: (TrainingEvent) throws -> Void

  private var ranks: RankGroup? { training.setup.ranks }

  /// Trains to the last step or until it is stopped, then saves. When memory runs out, the training steps
  /// down a rung of the memory ladder and repeats what has failed. A validation or a sample that fails
  /// again is skipped.
  func run() throws -> Trainer.Outcome {
    do {
      try tryOut()
      try validate()
      // Samples of the base model, or the grid that was not finished before an interruption.
      let hasSamples = try ranks.fromLeader { samples.exists(step: training.done) }
      if !hasSamples { try sample() }
      try PeakMemory.reset(on: device)
      while training.done < config.steps {
        let step = try steppingDown("step") { try training.advance(checkStop: checkStop) }
        try saver?.record(.step(step))
        try emit(.step(step))
        if training.step.exchange?.isStopAgreed == true, training.done < config.steps {
          throw StopRequest()
        }
        if let problem = training.step.graphs?.takeProblem() {
          try emit(.note("The steps run without CUDA graphs, which are faster: \(problem)"))
        }
        try validate()
        let savesNow = wantsSave()
        if savesNow || training.done == config.steps
          || config.isDue(training.done, every: config.checkpointEvery)
        {
          try timing(.checkpoint) { try saver?.save(isLast: training.done == config.steps) }
        } else {
          try saver?.poll()
        }
        if let error = saver?.takeMemoryError(), ranks == nil {
          try stepDown("copy of a checkpoint", after: error)
        }
        try sample()
      }
      // Also saves a last validation that was made after the last checkpoint.
      try saver?.finish()
      return .finished
    } catch is StopRequest {
      try saver?.finish()
      return .stopped(step: training.done)
    }
  }

  /// Tries out whether there is memory for a step, a checkpoint and a sample, unless it is certain.
  private func tryOut() throws {
    guard training.needsTrial, training.done < config.steps else { return }
    try checkStop()
    try emit(.preparing("trial step", done: 0, of: 1))
    try steppingDown("trial step") { try ranks.together { try training.tryOut() } }
    try checkStop()
    if config.sampleEvery > 0 {
      _ = try orStepDown("samples") {
        try ranks.together {
          try samples.tryOut(unet: training.unet, tileSize: training.sampleTile)
        }
      }
    }
    if device.isCUDA { try Backend.emptyCache() }
  }

  /// Runs work again on a lower rung of the memory ladder when memory runs out, down to the last.
  private func steppingDown<Result>(_ work: String, _ body: () throws -> Result) throws -> Result {
    while true {
      do {
        return try body()
      } catch let error as TorchError where error.isOutOfMemory {
        guard try stepDown(work, after: error) else { throw error }
      }
    }
  }

  /// Runs work of the UNet without a graph. When memory runs out, it goes down to a rung that needs less
  /// for it, and runs the work again.
  ///
  /// - Returns: The error if there is no such rung, or memory runs out there too.
  private func orStepDown(_ work: String, _ body: () throws -> Void) throws -> TorchError? {
    do {
      do {
        try body()
      } catch let error as TorchError where error.isOutOfMemory {
        guard try stepDown(work, lowering: \.samples, after: error) else { return error }
        try body()
      }
    } catch let error as TorchError where error.isOutOfMemory {
      return error
    }
    return nil
  }

  /// Whether there was a lower rung.
  @discardableResult
  private func stepDown(
    _ work: String, lowering part: KeyPath<MemoryEstimate, Int>? = nil, after error: TorchError
  ) throws -> Bool {
    guard let change = try training.stepDown(work, lowering: part, after: error) else {
      return false
    }
    try emit(.memoryChange(change))
    return true
  }

  private func validate() throws {
    guard config.isDue(training.done, every: config.validateEvery) else { return }
    var report: ValidationReport?
    let start = ContinuousClock.now
    try skippingIfOutOfMemory("validation") {
      report = try training.validate(checkStop: checkStop)
    }
    guard let report else { return }
    try emit(.spent(.validation, seconds: (ContinuousClock.now - start) / .seconds(1)))
    try saver?.record(.validation(report))
    try emit(.validation(report))
  }

  private func sample() throws {
    guard config.isDue(training.done, every: config.sampleEvery) else { return }
    // Samples are recorded, too, in memory of their own.
    try training.step.graphs?.drop()
    do {
      try skippingIfOutOfMemory("samples") {
        try timing(.samples) {
          try training.withEvaluatedWeights {
            try samples.draw(
              step: training.done, unet: training.unet, tileSize: training.sampleTile,
              checkStop: checkStop, report: emit)
          }
        }
      }
    } catch let error as FileAccessError {
      try emit(.note("The samples of step \(training.done) could not be written: \(error)"))
    }
  }

  /// Measures work between two steps.
  private func timing(_ part: RemainingTime.Part, _ body: () throws -> Void) throws {
    let start = ContinuousClock.now
    try body()
    try emit(.spent(part, seconds: (ContinuousClock.now - start) / .seconds(1)))
  }

  /// Runs work between two steps. The recorded peak of the steps does not contain its memory.
  private func skippingIfOutOfMemory(_ work: String, _ body: () throws -> Void) throws {
    try training.step.graphs?.makeRoom()
    if let error = try orStepDown(work, body) {
      try emit(
        .note(
          "Skipped the \(work) of step \(training.done), because there is not enough memory: "
            + error.message))
      // libtorch keeps the GPU memory of freed tensors.
      if device.isCUDA { try Backend.emptyCache() }
    }
    try PeakMemory.reset(on: device)
  }

  private func emit(_ event: TrainingEvent) throws(UnsavableError) {
    try UnsavableError.marking { try report(event) }
  }
}

extension TrainingConfig {
  /// Whether something is due after a step that happens every `interval` steps (0: never) and after
  /// the last step.
  fileprivate func isDue(_ step: Int, every interval: Int) -> Bool {
    interval > 0 && (step.isMultiple(of: interval) || step == steps)
  }
}
