public import Torch

/// What a UNet is told of `B` prompts.
public struct PromptEmbedding {
  /// The penultimate hidden states of the text encoders side by side: `[B, 77, 768 + 1280]`.
  public let embeds: Tensor
  /// The pooled vector of the second encoder: `[B, 1280]`.
  public let pooled: Tensor

  /// Both with the same batch size.
  public init(embeds: Tensor, pooled: Tensor) {
    self.embeds = embeds
    self.pooled = pooled
  }

  /// The embedding of no prompt at all, in the shape, type and place of this one.
  public func zeros() throws(TorchError) -> PromptEmbedding {
    PromptEmbedding(
      embeds: try .zeros(embeds.shape, dtype: embeds.dtype, device: embeds.device),
      pooled: try .zeros(pooled.shape, dtype: pooled.dtype, device: pooled.device))
  }
}

/// Tokenizers and text encoders of SDXL together (diffusers
/// `StableDiffusionXLPipeline.encode_prompt`).
public final class PromptEncoder {
  /// A tokenizer and the model that reads its ids.
  private typealias Reader = (tokenizer: CLIPTokenizer, encoder: any CLIPTextEncoder)

  private let readers: [Reader]
  private let forceZerosForEmptyPrompt: Bool

  /// - Parameter forceZerosForEmptyPrompt: whether no negative prompt means zeros instead of the
  ///   embedding of the empty text, from `model_index.json`.
  public init(
    tokenizer: CLIPTokenizer, textEncoder: CLIPTextModel, tokenizer2: CLIPTokenizer,
    textEncoder2: CLIPTextModelWithProjection, forceZerosForEmptyPrompt: Bool
  ) {
    readers = [(tokenizer, textEncoder), (tokenizer2, textEncoder2)]
    self.forceZerosForEmptyPrompt = forceZerosForEmptyPrompt
  }

  /// Encodes prompts as one batch, without recording gradients, in the type and place of the
  /// models. Throws `TextEncoderError` and `TorchError`.
  public func encode(_ prompts: [String]) throws -> PromptEmbedding {
    try noGrad {
      let outputs = try readers.map { reader in
        try reader.encoder(prompts.map { reader.tokenizer.encode($0).ids })
      }
      return PromptEmbedding(
        embeds: try .cat(outputs.map(\.penultimate), dim: -1), pooled: outputs[1].pooled)
    }
  }

  /// What guidance leads away from: the negative prompt, or without one what the model was trained
  /// to see for no prompt.
  public func encodeNegative(_ prompt: String?) throws -> PromptEmbedding {
    let embedding = try encode([prompt ?? ""])
    return try prompt == nil && forceZerosForEmptyPrompt ? embedding.zeros() : embedding
  }
}
