import Files

/// The steps of a training, and between them validations, checkpoints and samples.
struct TrainingLoop {
  let config: TrainingConfig
  let training: AdapterTraining
  let samples: SampleGrid
  let saver: CheckpointSaver
  let checkStop: () throws -> Void
  let wantsSave: () -> Bool
  let report: (TrainingEvent) throws -> Void

  /// Trains to the last step or until it is stopped, then saves.
  func run() throws -> Trainer.Outcome {
    do {
      try validate()
      // Samples of the base model, or the grid that was not finished before an interruption.
      if !samples.exists(step: training.done) { try sample() }
      while training.done < config.steps {
        let step = try training.advance(checkStop: checkStop)
        try saver.record(.step(step))
        try emit(.step(step))
        try validate()
        let savesNow = wantsSave()
        if savesNow || training.done == config.steps
          || config.isDue(training.done, every: config.checkpointEvery)
        {
          try saver.save()
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
    guard config.isDue(training.done, every: config.validateEvery),
      let report = try training.validate(checkStop: checkStop)
    else { return }
    try saver.record(.validation(report))
    try emit(.validation(report))
  }

  private func sample() throws {
    guard config.isDue(training.done, every: config.sampleEvery) else { return }
    do {
      try samples.draw(
        step: training.done, unet: training.unet, checkStop: checkStop, report: emit)
    } catch let error as FileAccessError {
      try emit(.note("The samples of step \(training.done) could not be written: \(error)"))
    }
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
