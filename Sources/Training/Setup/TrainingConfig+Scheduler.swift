import Options
import StableDiffusion

extension TrainingConfig {
  /// The scheduler's configuration of a base model, with what the options change. Throws `ConfigError` for a
  /// range of timesteps beyond the model's, and for a terminal signal-to-noise ratio of zero where the noise is
  /// predicted.
  func resolvedScheduler(of model: ModelDirectory) throws(ConfigError) -> SchedulerConfiguration {
    let scheduler = objective.scheduler(of: model.scheduler)
    func refuse(_ key: String, _ found: String, _ allowed: String) throws(ConfigError) {
      throw .invalidValue(key: key, origin: .builtIn, found: found, allowed: allowed)
    }
    let count = scheduler.numTrainTimesteps
    if let end = objective.maxTimestep, end > count {
      try refuse(
        Self.schema.key(of: \.objective.$maxTimestep), "\(end)",
        "at most the \(count) timesteps of this base model")
    }
    if objective.minTimestep >= count {
      try refuse(
        Self.schema.key(of: \.objective.$minTimestep), "\(objective.minTimestep)",
        "below the \(count) timesteps of this base model")
    }
    if objective.zeroTerminalSNR, scheduler.predictionType == .epsilon {
      try refuse(
        Self.schema.key(of: \.objective.$zeroTerminalSNR), "true",
        "false for this base model, which predicts the noise: pure noise contains nothing of the picture. "
          + "`prediction: v` is for models that are trained to predict the velocity")
    }
    return scheduler
  }
}
