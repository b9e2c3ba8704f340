public import Torch

/// The embeddings of `B` prompts, which condition a UNet.
public struct PromptEmbedding {
  /// The penultimate hidden states of the text encoders side by side: `[B, 77, 768 + 1280]`,
  /// or 77 for each chunk of a long caption.
  public let embeds: Tensor
  /// The pooled vector of the second encoder for the first chunk: `[B, 1280]`.
  public let pooled: Tensor

  /// Both with the same batch size.
  public init(embeds: Tensor, pooled: Tensor) {
    self.embeds = embeds
    self.pooled = pooled
  }

  /// Zeros in the shape, type and device of this embedding.
  public func zeros() throws(TorchError) -> PromptEmbedding {
    PromptEmbedding(
      embeds: try .zeros(embeds.shape, dtype: embeds.dtype, device: embeds.device),
      pooled: try .zeros(pooled.shape, dtype: pooled.dtype, device: pooled.device))
  }

  /// This embedding with `count` chunks, because a batch needs one length. Missing chunks are
  /// `empty`, the embedding of the empty text in one chunk, as in A1111.
  public func padded(
    toChunks count: Int, with empty: PromptEmbedding
  ) throws(TorchError) -> PromptEmbedding {
    let missing = count - embeds.shape[1] / empty.embeds.shape[1]
    guard missing > 0 else { return self }
    let shape = [embeds.shape[0]] + empty.embeds.shape.dropFirst()
    let filling = Array(repeating: try empty.embeds.expand(shape), count: missing)
    return PromptEmbedding(embeds: try .cat([embeds] + filling, dim: 1), pooled: pooled)
  }
}
