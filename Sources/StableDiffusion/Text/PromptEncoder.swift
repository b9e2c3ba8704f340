import NN
import Torch

/// The tokenizers and text encoders of SDXL (diffusers `StableDiffusionXLPipeline.encode_prompt`).
/// A refiner has only the second ones.
public final class PromptEncoder {
  /// The tokenizers, one for each text encoder, with the words of the embeddings.
  public private(set) var tokenizer: PromptTokenizer
  let encoders: [any CLIPTextEncoder]
  private let forceZerosForEmptyPrompt: Bool

  /// - Parameters:
  ///   - textEncoder: nil for a refiner. `tokenizer` has one tokenizer for each text encoder.
  ///   - forceZerosForEmptyPrompt: whether zeros stand for a missing negative prompt instead of
  ///     the embedding of the empty text, from `model_index.json`.
  public init(
    tokenizer: PromptTokenizer, textEncoder: CLIPTextModel?,
    textEncoder2: CLIPTextModelWithProjection, forceZerosForEmptyPrompt: Bool
  ) {
    self.tokenizer = tokenizer
    let all: [(any CLIPTextEncoder)?] = [textEncoder, textEncoder2]
    encoders = all.compactMap(\.self)
    self.forceZerosForEmptyPrompt = forceZerosForEmptyPrompt
  }

  /// Makes words of prompts stand for vectors, in place of the words so far. Throws
  /// `TextualInversionError`, `TorchError`.
  public func setEmbeddings(_ embeddings: [TextualInversion]) throws {
    let vectors = encoders.map { encoder in embeddings.map { $0.vectors(of: encoder) } }
    tokenizer = try tokenizer.adding(
      embeddings.map(\.word), counts: vectors.map { $0.map { $0?.shape[0] ?? 0 } },
      after: encoders.map(\.textModel.embeddings.vocabSize))
    for (encoder, vectors) in zip(encoders, vectors) {
      let table = encoder.textModel.embeddings
      let device = try table.positionEmbedding.weight.tensor.device
      table.addedVectors = try vectors.compactMap { try $0?.to(device) }
    }
  }

  /// Encodes prompts as one batch, without recording gradients, in the type and on the device of
  /// the models. Throws `TextEncoderError` and `TorchError`.
  public func encode(_ prompts: [String]) throws -> PromptEmbedding {
    let tokens = prompts.map { tokenizer.encode($0) }
    return try read(encoders.indices.map { encoder in tokens.flatMap { $0.chunks[encoder] } })
  }

  /// Encodes a text of up to `maxTokens` tokens. Each chunk of 75 is encoded alone; the embedding
  /// has their hidden states in sequence and the pooled vector of the first, as in ComfyUI and
  /// A1111. (kohya's sd-scripts leave out the BOS and EOS between chunks.)
  public func encode(_ text: String, maxTokens: Int) throws -> PromptEmbedding {
    let chunks = try read(tokenizer.encode(text, maxTokens: maxTokens).chunks)
    return PromptEmbedding(
      embeds: try chunks.embeds.reshape([1, -1, chunks.embeds.shape[2]]),
      pooled: try chunks.pooled.narrow(dim: 0, start: 0, length: 1))
  }

  /// The embedding of a negative prompt; for nil the one that the model was trained with for no
  /// prompt.
  public func encodeNegative(_ prompt: String?) throws -> PromptEmbedding {
    let embedding = try encode([prompt ?? ""])
    return try prompt == nil && forceZerosForEmptyPrompt ? embedding.zeros() : embedding
  }

  /// The embeddings of prompt and negative prompt, with the same number of chunks. Throws
  /// `TextEncoderError` and `TorchError`.
  public func encode(
    _ prompt: String, negative: String?, as reading: PromptReading
  ) throws -> (prompt: PromptEmbedding, negative: PromptEmbedding) {
    let positive = try encode(prompt, as: reading)
    if negative == nil && forceZerosForEmptyPrompt { return (positive, try positive.zeros()) }
    let negative = try encode(negative ?? "", as: reading)
    guard positive.embeds.shape != negative.embeds.shape else { return (positive, negative) }
    let empty = try encode([""])
    let count = max(positive.embeds.shape[1], negative.embeds.shape[1]) / empty.embeds.shape[1]
    return (
      try positive.padded(toChunks: count, with: empty),
      try negative.padded(toChunks: count, with: empty)
    )
  }

  private func encode(_ prompt: String, as reading: PromptReading) throws -> PromptEmbedding {
    let read = tokenizer.encode(prompt, as: reading)
    let chunks = try self.read(read.encoding.chunks, weights: read.weights)
    return PromptEmbedding(
      embeds: try chunks.embeds.reshape([1, -1, chunks.embeds.shape[2]]),
      pooled: try chunks.pooled.narrow(dim: 0, start: 0, length: 1))
  }

  /// The embeddings of `[encoder][B][77]` tokens, with weights of the same shape if they are given.
  private func read(
    _ tokens: [[[Int]]], weights: [[[Float]]]? = nil
  ) throws -> PromptEmbedding {
    try noGrad {
      let outputs = try zip(encoders, tokens).map { encoder, tokens in try encoder(tokens) }
      var states = outputs.map(\.penultimate)
      if let weights, weights.joined().joined().contains(where: { $0 != 1 }) {
        let empty = tokenizer.encode("").chunks
        states = try states.indices.map { index in
          try states[index].weighted(
            weights[index], from: encoders[index](empty[index]).penultimate)
        }
      }
      return PromptEmbedding(
        embeds: try .cat(states, dim: -1), pooled: outputs[outputs.count - 1].pooled)
    }
  }
}

extension Tensor {
  /// Hidden states `[B, 77, C]`, each moved away from that of the empty text at the same place,
  /// `[1, 77, C]`, or towards it: `empty + weight * (state - empty)`. A weight of 1 changes no bit.
  fileprivate func weighted(_ weights: [[Float]], from empty: Tensor) throws -> Tensor {
    let factors = try Tensor(
      weights.joined().map { $0 - 1 }, shape: [weights.count, shape[1], 1]
    ).to(dtype).to(device)
    return try self + factors * (self - empty)
  }
}

extension TextualInversion {
  /// The vectors of a text encoder; nil if it reads the word as letters.
  fileprivate func vectors(of encoder: any CLIPTextEncoder) -> Tensor? {
    encoder is CLIPTextModel ? first : second
  }
}
