import Drawing
import Files
import Torch

/// The steps of a training, and between them validations, checkpoints and samples.
struct TrainingLoop {
  let config: TrainingConfig
  let device: Device
  let training: AdapterTraining
  let samples: SampleGrid
  let saver: CheckpointSaver
  let checkStop: () throws -> Void
  let wantsSave: () -> Bool
  let report: (TrainingEvent) throws -> Void

  /// Trains to the last step or until it is stopped, then saves. If memory runs out during a
  /// validation or a sample, that one is skipped.
  func run() throws -> Trainer.Outcome {
    do {
      try validate()
      // Samples of the base model, or the grid that was not finished before an interruption.
      if !samples.exists(step: training.done) { try sample() }
      try PeakMemory.reset(on: device)
      while training.done < config.steps {
        let step = try training.advance(checkStop: checkStop)
        try saver.record(.step(step))
        try emit(.step(step))
        try validate()
        let savesNow = wantsSave()
        if savesNow || training.done == config.steps
          || config.isDue(training.done, every: config.checkpointEvery)
        {
          try timing(.checkpoint) { try saver.save(isLast: training.done == config.steps) }
        } else {
          try saver.poll()
        }
        try sample()
      }
      // Also saves a last validation that was made after the last checkpoint.
      try saver.finish()
      return .finished
    } catch is StopRequest {
      try saver.finish()
      return .stopped(step: training.done)
    }
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
    try saver.record(.validation(report))
    try emit(.validation(report))
  }

  private func sample() throws {
    guard config.isDue(training.done, every: config.sampleEvery) else { return }
    do {
      try skippingIfOutOfMemory("samples") {
        try timing(.samples) {
          try samples.draw(
            step: training.done, unet: training.unet, checkStop: checkStop, report: emit)
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
    do {
      try body()
    } catch let error as TorchError where error.isOutOfMemory {
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
