public import Torch

/// What a UNet is told of `B` prompts.
public struct PromptEmbedding {
  /// The penultimate hidden states of the text encoders side by side: `[B, 77, 768 + 1280]`,
  /// or 77 for each chunk of a long caption.
  public let embeds: Tensor
  /// The pooled vector of the second encoder, of the first chunk: `[B, 1280]`.
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

  /// This embedding in `count` chunks, those that it lacks filled with `empty`, the embedding of the
  /// empty text in one chunk (as A1111 does): a batch needs one length.
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
