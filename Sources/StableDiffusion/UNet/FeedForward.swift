import NN
import Torch

/// Two linear layers with a gate between them (diffusers `FeedForward` with `geglu`).
final class FeedForward: UnaryLayer {
  /// Index 1 is diffusers' dropout, which has no weights.
  let net: [any UnaryLayer]

  init(_ dim: Int) {
    net = [GEGLU(dim, 4 * dim), Identity(), Linear(4 * dim, dim)]
  }

  /// `[B, N, dim]` to `[B, N, dim]`.
  func callAsFunction(_ x: Tensor) throws -> Tensor { try net.forward(x) }
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
