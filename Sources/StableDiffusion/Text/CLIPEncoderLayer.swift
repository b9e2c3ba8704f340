import NN
import Torch

/// One pre-norm transformer block of a CLIP text encoder (transformers `CLIPEncoderLayer`).
final class CLIPEncoderLayer: Module {
  let selfAttn: CLIPAttention
  let layerNorm1: LayerNorm
  let mlp: CLIPMLP
  let layerNorm2: LayerNorm

  init(_ configuration: CLIPTextConfiguration) {
    let size = configuration.hiddenSize
    selfAttn = CLIPAttention(configuration)
    layerNorm1 = LayerNorm(size, eps: configuration.layerNormEps)
    mlp = CLIPMLP(configuration)
    layerNorm2 = LayerNorm(size, eps: configuration.layerNormEps)
  }

  /// `[B, N, C]` to `[B, N, C]`.
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    let attended = try x + selfAttn(layerNorm1(x))
    return try attended + mlp(layerNorm2(attended))
  }
}

/// The two linear layers of a block (transformers `CLIPMLP`).
final class CLIPMLP: Module {
  let fc1: Linear
  let activation: any UnaryLayer
  let fc2: Linear

  init(_ configuration: CLIPTextConfiguration) {
    fc1 = Linear(configuration.hiddenSize, configuration.intermediateSize)
    activation =
      switch configuration.hiddenAct {
      case .quickGELU: QuickGELU()
      case .gelu: GELU()
      }
    fc2 = Linear(configuration.intermediateSize, configuration.hiddenSize)
  }

  /// `[B, N, C]` to `[B, N, C]`.
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try fc2(activation(fc1(x)))
  }
}
