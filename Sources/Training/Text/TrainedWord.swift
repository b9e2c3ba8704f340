import Datasets
import Foundation
import NN
import StableDiffusion
import Torch

/// A new word whose vectors are trained: an embedding (textual inversion, Gal et al. 2022).
struct TrainedWord {
  /// The power of the ratio by which a step moves the deviation of the vectors to that of the vocabulary, as
  /// in diffusers' train_dreambooth_lora_sdxl_advanced.py.
  private static let retraction = 0.1

  let word: String
  /// The vectors of each text encoder, float32 `[n, C]`.
  let vectors: [Tensor]
  /// The deviation of all values of each encoder's vocabulary.
  private let deviations: [Double]

  /// A word with vectors for text encoders that are loaded. Throws `WeightsError`, `TorchError`.
  init(_ word: String, vectors: [Tensor], of encoders: [any CLIPTextEncoder]) throws {
    self.word = word
    self.vectors = vectors
    deviations = try encoders.map { try $0.tokenVectors.to(.float32).deviation() }
    for (encoder, vectors) in zip(encoders, vectors) {
      try vectors.setRequiresGrad(true)
      encoder.setAddedVectors([vectors])
    }
  }

  /// The word of a setup: vectors of the words in `embedding_init` by turns, or random ones of the
  /// vocabulary's deviation. Throws `WeightsError`, `TorchError`.
  init(
    _ word: String, count: Int, of encoders: [any CLIPTextEncoder], _ setup: TrainingSetup,
    tokenizer: PromptTokenizer
  ) throws {
    let words = setup.config.text.embeddingInit ?? setup.dataset.subject.classWord
    let tokens = words.map(tokenizer.tokens) ?? encoders.map { _ in [] }
    let vectors = try encoders.enumerated().map { index, encoder in
      let table = try encoder.tokenVectors
      let own = tokens[index]
      guard !own.isEmpty else {
        let seed = CounterRandom.value(
          seed: setup.config.seed, step: index, sample: 0, purpose: .embedding)
        let draw = try Generator(seed: seed).normal([count, table.shape[1]])
        return try (draw * table.to(.float32).deviation()).to(setup.device)
      }
      let rows = (0..<count).map { Int64(own[$0 % own.count]) }
      let places = try Tensor(rows, shape: [count]).to(table.device)
      return try places.embedding(table).to(.float32).detach().clone()
    }
    try self.init(word, vectors: vectors, of: encoders)
  }

  /// The vectors, by names that no other part has.
  var tensors: [(name: String, tensor: Tensor)] {
    zip(TextualInversion.fileNames, vectors).map { ("embedding.\($0)", $1) }
  }

  /// Moves the deviation of the vectors towards that of the vocabulary. Throws `TorchError`.
  func retract() throws {
    try noGrad {
      for (vectors, deviation) in zip(vectors, deviations) {
        let own = try vectors.deviation()
        guard own > 0 else { continue }
        try vectors.multiply(by: pow(deviation / own, Self.retraction))
      }
    }
  }
}

extension Tensor {
  /// The standard deviation of all elements, unbiased as in torch.
  fileprivate func deviation() throws -> Double {
    let flat = try detach().flatten()
    let squares = try (flat - flat.mean()).square().sum().item()
    return (squares / Double(flat.count - 1)).squareRoot()
  }
}
