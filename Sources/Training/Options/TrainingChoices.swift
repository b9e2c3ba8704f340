public import NN
public import Options

/// Which latents of the VAE's distribution are trained on.
public enum LatentsChoice: String, ConfigChoice, CaseIterable {
  /// A new sample in every step.
  case sampled
  /// The mean.
  case mean
}

extension LearningRateSchedule.Shape: ConfigChoice {}

/// One of the adapters of a checkpoint.
public enum CheckpointWeights: String, ConfigChoice, CaseIterable {
  /// The trained weights. With adamw-schedule-free these are averages.
  case adapter
  /// Their moving average.
  case ema
}

extension OptimizerKind: ConfigChoice {}

extension AdapterMethod: ConfigChoice {}

extension LoRAInitialization: ConfigChoice {}

extension CheckpointingExtent: ConfigChoice {}

/// How the weights of the base model's blocks are kept.
public enum FrozenWeights: String, ConfigChoice, CaseIterable {
  /// As passes use them.
  case resident
  /// Rounded to whole numbers of 8 bits, with a scale for each 128 weights.
  case int8
  /// Rounded to 8 bits, four of them for the exponent, with a scale for each 128 weights.
  case fp8
  /// Outside the device, which fetches the weights of a layer when it uses them.
  case offloaded
}
