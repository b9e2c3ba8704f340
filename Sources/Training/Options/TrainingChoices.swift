public import NN
public import Options

/// Which latents of the VAE's distribution are trained on.
public enum LatentsChoice: String, ConfigChoice, CaseIterable {
  /// A new sample in every step.
  case sampled
  /// The mean.
  case mean
}

extension LearningRateSchedule.Shape: ConfigChoice {
  package static let choices = ["constant", "cosine", "linear"]
}
