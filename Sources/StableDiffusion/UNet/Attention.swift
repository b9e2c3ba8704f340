import NN
import Torch

/// Multi-head attention (Vaswani et al. 2017, section 3.2; diffusers `Attention`).
///
/// The kernel computes its scores in float32, so diffusers' `upcast_attention` has no effect, as in
/// diffusers' default processor.
final class Attention: LinearGrouping {
  /// The norm of the autoencoder's attention, which is over the pixels of a feature map.
  let groupNorm: GroupNorm?
  let toQ: Linear
  let toK: Linear
  let toV: Linear
  let toOut: [any UnaryLayer]
  private let heads: Int
  /// The layers with the input tokens: queries, and in self-attention keys and values.
  private let inputs: LinearGroup
  private let output: LinearGroup

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
    let output = Linear(heads * headDim, queryDim)
    toOut = [output]
    inputs = LinearGroup(crossAttentionDim == nil ? [toQ, toK, toV] : [toQ])
    self.output = LinearGroup([output])
  }

  /// All but the keys and values of cross-attention, whose input all attentions of a UNet share.
  var linearGroups: [LinearGroup] { [inputs, output] }

  /// The keys and values of a cross-attention for the context `[B, M, X]`, `[B, M, heads * D]` each.
  func keysAndValues(of context: Tensor) throws -> [Tensor] {
    [try toK(context), try toV(context)]
  }

  /// Tokens `[B, N, C]` attend to themselves: `[B, N, C]`. A `norm` comes first.
  func callAsFunction(_ tokens: Tensor, after norm: LayerNorm? = nil) throws -> Tensor {
    let projected = try inputs(tokens, after: norm)
    return try attend(query: projected[0], key: projected[1], value: projected[2])
  }

  /// Tokens `[B, N, C]` attend to a context by its `keysAndValues`: `[B, N, C]`. A `norm` comes first.
  func callAsFunction(
    _ tokens: Tensor, after norm: LayerNorm? = nil, keysAndValues: [Tensor]
  ) throws -> Tensor {
    let query = try inputs(tokens, after: norm)[0]
    return try attend(query: query, key: keysAndValues[0], value: keysAndValues[1])
  }

  private func attend(query: Tensor, key: Tensor, value: Tensor) throws -> Tensor {
    let attended = try Tensor.scaledDotProductAttention(
      query: splitHeads(query), key: splitHeads(key), value: splitHeads(value))
    let shape = attended.shape  // [B, heads, N, D]
    let joined = try attended.transpose(1, 2).reshape([shape[0], shape[2], shape[1] * shape[3]])
    return try output(joined)[0]
  }

  /// `[B, N, heads * D]` to `[B, heads, N, D]`.
  private func splitHeads(_ x: Tensor) throws -> Tensor {
    let shape = x.shape
    return try x.reshape([shape[0], shape[1], heads, shape[2] / heads]).transpose(1, 2)
  }
}
