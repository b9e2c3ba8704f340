public import NN
public import Options

/// What is trained on of the VAE's distribution over an image's latents.
public enum LatentsChoice: String, ConfigChoice, CaseIterable {
  /// A new sample in every step.
  case sampled
  /// The mean, which is also the most likely value.
  case mean
}

extension LearningRateSchedule.Shape: ConfigChoice {
  package static let choices = ["constant", "cosine", "linear"]
}
