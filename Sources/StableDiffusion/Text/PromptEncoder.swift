import Torch

/// Tokenizers and text encoders of SDXL together (diffusers
/// `StableDiffusionXLPipeline.encode_prompt`).
public final class PromptEncoder {
  private let tokenizer: PromptTokenizer
  private let encoders: [any CLIPTextEncoder]
  private let forceZerosForEmptyPrompt: Bool

  /// - Parameter forceZerosForEmptyPrompt: whether no negative prompt means zeros instead of the
  ///   embedding of the empty text, from `model_index.json`.
  public init(
    tokenizer: PromptTokenizer, textEncoder: CLIPTextModel,
    textEncoder2: CLIPTextModelWithProjection, forceZerosForEmptyPrompt: Bool
  ) {
    self.tokenizer = tokenizer
    encoders = [textEncoder, textEncoder2]
    self.forceZerosForEmptyPrompt = forceZerosForEmptyPrompt
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

  /// The embeddings of `[encoder][B][77]` tokens.
  private func read(_ tokens: [[[Int]]]) throws -> PromptEmbedding {
    try noGrad {
      let outputs = try zip(encoders, tokens).map { encoder, tokens in try encoder(tokens) }
      return PromptEmbedding(
        embeds: try .cat(outputs.map(\.penultimate), dim: -1), pooled: outputs[1].pooled)
    }
  }
}
