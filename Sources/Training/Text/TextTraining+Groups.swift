import NN
import StableDiffusion
import Torch

extension TextTraining {
  /// The trained tensors with their peak learning rates: the adapters of each encoder, and the vectors of the
  /// new word.
  func groups(_ config: TrainingConfig) -> [ParameterGroup] {
    let common = config.optimization.learningRate
    let adapted = encoders.filter { !$0.sites.isEmpty }
    let groups = zip(adapted, config.text.rates).flatMap { encoder, rate in
      RateGroups(
        encoder.sites, named: encoder.part.rawValue, prefix: encoder.prefix, rate: rate ?? common,
        upFactor: config.optimization.loraPlusRatio ?? 1
      ).groups
    }
    guard let word else { return groups }
    return groups + [
      ParameterGroup(
        "embedding", word.tensors, learningRate: config.text.embeddingLearningRate ?? common)
    ]
  }
}
