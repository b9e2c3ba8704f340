import NN
import StableDiffusion
import Torch

extension TextTraining {
  /// The trained tensors with their peak learning rates: the adapters of each encoder, and the vectors of the
  /// new word.
  func groups(_ config: TrainingConfig) -> [ParameterGroup] {
    let common = config.optimization.learningRate
    let adapted = encoders.filter { !$0.sites.isEmpty }
    let groups = zip(adapted, config.text.rates).map { encoder, rate in
      ParameterGroup(encoder.part.rawValue, encoder.tensors, learningRate: rate ?? common)
    }
    guard let word else { return groups }
    return groups + [
      ParameterGroup(
        "embedding", word.tensors, learningRate: config.text.embeddingLearningRate ?? common)
    ]
  }
}
