import NN
import Torch

/// Causal multi-head self-attention of a CLIP text encoder (transformers `CLIPAttention`).
final class CLIPAttention: Module {
  let kProj: Linear
  let vProj: Linear
  let qProj: Linear
  let outProj: Linear
  private let heads: Int

  init(_ configuration: CLIPTextConfiguration) {
    let size = configuration.hiddenSize
    kProj = Linear(size, size)
    vProj = Linear(size, size)
    qProj = Linear(size, size)
    outProj = Linear(size, size)
    heads = configuration.numAttentionHeads
  }

  /// `[B, N, C]` to `[B, N, C]`; every token sees itself and those before it.
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    let attended = try Tensor.scaledDotProductAttention(
      query: split(qProj(x)), key: split(kProj(x)), value: split(vProj(x)), isCausal: true)
    return try outProj(attended.transpose(1, 2).reshape(x.shape))
  }

  /// `[B, N, C]` to `[B, heads, N, C / heads]`.
  private func split(_ x: Tensor) throws -> Tensor {
    try x.reshape([x.shape[0], x.shape[1], heads, -1]).transpose(1, 2)
  }
}
