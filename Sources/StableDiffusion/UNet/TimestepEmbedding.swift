import NN
import Torch

/// Two linear layers over a sinusoid (diffusers `TimestepEmbedding`).
final class TimestepEmbedding: Module {
  let linear_1: Linear
  let linear_2: Linear

  init(inChannels: Int, timeEmbedDim: Int) {
    linear_1 = Linear(inChannels, timeEmbedDim)
    linear_2 = Linear(timeEmbedDim, timeEmbedDim)
  }

  /// `[B, inChannels]` to `[B, timeEmbedDim]`.
  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    try linear_2(linear_1(sample).silu())
  }
}
