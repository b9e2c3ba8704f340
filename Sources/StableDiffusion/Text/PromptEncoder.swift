import Torch

/// Tokenizers and text encoders of SDXL together (diffusers
/// `StableDiffusionXLPipeline.encode_prompt`); a refiner has the second of either only.
public final class PromptEncoder {
  /// What cuts texts into tokens.
  public let tokenizer: PromptTokenizer
  private let encoders: [any CLIPTextEncoder]
  private let forceZerosForEmptyPrompt: Bool

  /// - Parameters:
  ///   - textEncoder: nil for a refiner; `tokenizer` has as many as there are text encoders.
  ///   - forceZerosForEmptyPrompt: whether no negative prompt means zeros instead of the
  ///     embedding of the empty text, from `model_index.json`.
  public init(
    tokenizer: PromptTokenizer, textEncoder: CLIPTextModel?,
    textEncoder2: CLIPTextModelWithProjection, forceZerosForEmptyPrompt: Bool
  ) {
    self.tokenizer = tokenizer
    let all: [(any CLIPTextEncoder)?] = [textEncoder, textEncoder2]
    encoders = all.compactMap(\.self)
    self.forceZerosForEmptyPrompt = forceZerosForEmptyPrompt
  }

  /// Puts adapters into the text encoders, and takes all others out. Throws `TorchError`.
  public func attach(_ adapters: AdapterSet) throws {
    for encoder in encoders {
      try adapters.attach(
        to: encoder, as: encoder is CLIPTextModel ? .textEncoder : .textEncoder2)
    }
  }

  /// Encodes prompts as one batch, without recording gradients, in the type and place of the
  /// models. Throws `TextEncoderError` and `TorchError`.
  public func encode(_ prompts: [String]) throws -> PromptEmbedding {
    let tokens = prompts.map { tokenizer.encode($0) }
    return try read(encoders.indices.map { encoder in tokens.flatMap { $0.chunks[encoder] } })
  }

  /// Encodes a text of up to `maxTokens` tokens: each chunk of 75 by itself, their hidden states one
  /// after another (as ComfyUI and A1111 do; kohya's sd-scripts leave out the BOS and EOS between
  /// chunks), and the pooled vector of the first. A text of one chunk is a prompt.
  public func encode(_ text: String, maxTokens: Int) throws -> PromptEmbedding {
    let chunks = try read(tokenizer.encode(text, maxTokens: maxTokens).chunks)
    return PromptEmbedding(
      embeds: try chunks.embeds.reshape([1, -1, chunks.embeds.shape[2]]),
      pooled: try chunks.pooled.narrow(dim: 0, start: 0, length: 1))
  }

  /// What guidance leads away from: the negative prompt, or without one what the model was trained
  /// to see for no prompt.
  public func encodeNegative(_ prompt: String?) throws -> PromptEmbedding {
    let embedding = try encode([prompt ?? ""])
    return try prompt == nil && forceZerosForEmptyPrompt ? embedding.zeros() : embedding
  }

  /// Prompt and negative prompt as `reading` says, in as many chunks each. Throws `TextEncoderError`
  /// and `TorchError`.
  public func encode(
    _ prompt: String, negative: String?, as reading: PromptReading
  ) throws -> (prompt: PromptEmbedding, negative: PromptEmbedding) {
    let wanted = try encode(prompt, as: reading)
    if negative == nil && forceZerosForEmptyPrompt { return (wanted, try wanted.zeros()) }
    let unwanted = try encode(negative ?? "", as: reading)
    guard wanted.embeds.shape != unwanted.embeds.shape else { return (wanted, unwanted) }
    let empty = try encode([""])
    let count = max(wanted.embeds.shape[1], unwanted.embeds.shape[1]) / empty.embeds.shape[1]
    return (
      try wanted.padded(toChunks: count, with: empty),
      try unwanted.padded(toChunks: count, with: empty)
    )
  }

  private func encode(_ prompt: String, as reading: PromptReading) throws -> PromptEmbedding {
    let read = tokenizer.encode(prompt, as: reading)
    let chunks = try self.read(read.encoding.chunks, weights: read.weights)
    return PromptEmbedding(
      embeds: try chunks.embeds.reshape([1, -1, chunks.embeds.shape[2]]),
      pooled: try chunks.pooled.narrow(dim: 0, start: 0, length: 1))
  }

  /// The embeddings of `[encoder][B][77]` tokens, and of their weights where there are any.
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
  /// Hidden states `[B, 77, C]`, each moved away from the one that the empty text has in its place,
  /// `[1, 77, C]`, or towards it: `empty + weight * (state - empty)`. A weight of 1 changes no bit.
  fileprivate func weighted(_ weights: [[Float]], from empty: Tensor) throws -> Tensor {
    let factors = try Tensor(
      weights.joined().map { $0 - 1 }, shape: [weights.count, shape[1], 1]
    ).to(dtype).to(device)
    return try self + factors * (self - empty)
  }
}
