import NN
import Torch

/// Multi-head attention (Vaswani et al. 2017, section 3.2; diffusers `Attention`).
///
/// The kernel computes its scores in float32, so diffusers' `upcast_attention` has no effect, as in
/// diffusers' default processor.
final class Attention: Module {
  /// The norm of the autoencoder's attention, which is over the pixels of a feature map.
  let groupNorm: GroupNorm?
  let toQ: Linear
  let toK: Linear
  let toV: Linear
  let toOut: [any UnaryLayer]
  private let heads: Int

  /// - Parameters:
  ///   - crossAttentionDim: width of the context; nil for self-attention.
  ///   - headDim: channels of one head.
  ///   - bias: whether queries, keys and values have a bias; the output always has.
  ///   - groupNorm: the norm that `overPixels` begins with.
  init(
    queryDim: Int, crossAttentionDim: Int? = nil, heads: Int, headDim: Int, bias: Bool = false,
    groupNorm: GroupNorm? = nil
  ) {
    self.heads = heads
    self.groupNorm = groupNorm
    toQ = Linear(queryDim, heads * headDim, bias: bias)
    toK = Linear(crossAttentionDim ?? queryDim, heads * headDim, bias: bias)
    toV = Linear(crossAttentionDim ?? queryDim, heads * headDim, bias: bias)
    toOut = [Linear(heads * headDim, queryDim)]
  }

  /// Tokens `[B, N, C]` attend to the context `[B, M, X]`, or to themselves: `[B, N, C]`.
  func callAsFunction(_ tokens: Tensor, context: Tensor? = nil) throws -> Tensor {
    let context = context ?? tokens
    let attended = try Tensor.scaledDotProductAttention(
      query: splitHeads(toQ(tokens)), key: splitHeads(toK(context)),
      value: splitHeads(toV(context)))
    let shape = attended.shape  // [B, heads, N, D]
    let joined = try attended.transpose(1, 2).reshape([shape[0], shape[2], shape[1] * shape[3]])
    return try toOut.forward(joined)
  }

  /// `[B, N, heads * D]` to `[B, heads, N, D]`.
  private func splitHeads(_ x: Tensor) throws -> Tensor {
    let shape = x.shape
    return try x.reshape([shape[0], shape[1], heads, shape[2] / heads]).transpose(1, 2)
  }
}
