import Files

/// The steps of a training, and between them evaluations, checkpoints and samples.
struct TrainingLoop {
  let config: TrainingConfig
  let training: AdapterTraining
  let samples: SampleGrid
  let saver: CheckpointSaver
  let checkStop: () throws -> Void
  let wantsSave: () -> Bool
  let report: (TrainingEvent) throws -> Void

  /// Trains to the last step, or until it is asked to stop; then all that is done is saved.
  func run() throws -> Trainer.Outcome {
    do {
      try validate()
      // The untouched base; or the grid that was being drawn when the run was interrupted.
      if !samples.exists(step: training.done) { try sample() }
      while training.done < config.steps {
        let step = try training.advance(checkStop: checkStop)
        try saver.record(.step(step))
        try tell(.step(step))
        try validate()
        let isWanted = wantsSave()
        if isWanted || training.done == config.steps
          || config.isDue(training.done, every: config.checkpointEvery)
        {
          try saver.save()
        } else {
          try saver.look()
        }
        try sample()
      }
      // Also the last evaluation, where that alone was left to do.
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
    try tell(.validation(report))
  }

  private func sample() throws {
    guard config.isDue(training.done, every: config.sampleEvery) else { return }
    do {
      try samples.draw(
        step: training.done, unet: training.unet, checkStop: checkStop, report: tell)
    } catch let error as FileAccessError {
      try tell(.note("There are no samples of step \(training.done): \(error)"))
    }
  }

  private func tell(_ event: TrainingEvent) throws(UnsavableError) {
    try UnsavableError.marking { try report(event) }
  }
}

extension TrainingConfig {
  /// Whether something that happens every so many steps (0: never) and after the last one happens
  /// after this step.
  fileprivate func isDue(_ step: Int, every interval: Int) -> Bool {
    interval > 0 && (step.isMultiple(of: interval) || step == steps)
  }
}
