import NN
import Torch

/// Self-attention among pixels, cross-attention to the prompt, feed-forward: each after a norm and
/// added to its input (diffusers `BasicTransformerBlock`).
final class BasicTransformerBlock: Recomputable {
  /// The adapters' tensors inside, if activations are recomputed in the backward pass.
  var recomputedLeaves: [Tensor]?
  let norm1: LayerNorm
  let attn1: Attention
  let norm2: LayerNorm
  let attn2: Attention
  let norm3: LayerNorm
  let ff: FeedForward

  init(dim: Int, heads: Int, crossAttentionDim: Int) {
    norm1 = LayerNorm(dim)
    attn1 = Attention(queryDim: dim, heads: heads, headDim: dim / heads)
    norm2 = LayerNorm(dim)
    attn2 = Attention(
      queryDim: dim, crossAttentionDim: crossAttentionDim, heads: heads, headDim: dim / heads)
    norm3 = LayerNorm(dim)
    ff = FeedForward(dim)
  }

  /// Pixels `[B, N, dim]` to `[B, N, dim]`.
  ///
  /// - Parameter prompt: the inputs of the cross-attention (``PromptContext/inputs(of:)``).
  func callAsFunction(_ tokens: Tensor, prompt: [Tensor]) throws -> Tensor {
    var hidden = try attn1(tokens, after: norm1) + tokens
    let keysAndValues = try PromptContext.keysAndValues(prompt, of: attn2)
    hidden = try attn2(hidden, after: norm2, keysAndValues: keysAndValues) + hidden
    return try ff(hidden, after: norm3) + hidden
  }
}
