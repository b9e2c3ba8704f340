import NN
import Torch

/// Two linear layers with a gate between them (diffusers `FeedForward` with `geglu`).
final class FeedForward: UnaryLayer, Recomputable {
  static let checkpointing = CheckpointingExtent.feedForward

  /// The adapters' tensors inside, if activations are recomputed in the backward pass.
  var recomputedLeaves: [Tensor]?
  /// Index 1 is diffusers' dropout, which has no weights.
  let net: [any UnaryLayer]

  init(_ dim: Int) {
    net = [GEGLU(dim, 4 * dim), Identity(), Linear(4 * dim, dim)]
  }

  /// `[B, N, dim]` to `[B, N, dim]`.
  func callAsFunction(_ x: Tensor) throws -> Tensor { try net.forward(x) }

  /// Applies a norm before the layers. Both are recomputed together.
  func callAsFunction(_ x: Tensor, after norm: LayerNorm) throws -> Tensor {
    try recomputed([x]) { try self(norm($0[0])) }
  }
}

/// `a * gelu(b)`, where `a` and `b` are one linear layer's halves (Shazeer 2020; diffusers `GEGLU`).
final class GEGLU: UnaryLayer {
  let proj: Linear

  init(_ inChannels: Int, _ outChannels: Int) {
    proj = Linear(inChannels, 2 * outChannels)
  }

  /// `[B, N, inChannels]` to `[B, N, outChannels]`.
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try proj(x).geglu()
  }
}
