import NN
import Torch

/// The block between the two paths (diffusers `UNetMidBlock2DCrossAttn`: a transformer between two
/// resnets; `UNetMidBlock2D` in a UNet: one resnet).
final class UNetMidBlock2D: Module {
  let resnets: [ResnetBlock2D]
  let attentions: [Transformer2DModel]

  /// - Parameter transformer: nil without attention.
  init(
    _ channels: Int, tembChannels: Int, groups: Int, eps: Double,
    transformer: Transformer2DModel.Shape?
  ) {
    attentions = transformer.map { [Transformer2DModel(channels, shape: $0, groups: groups)] } ?? []
    resnets = (0...attentions.count).map { _ in
      ResnetBlock2D(channels, channels, tembChannels: tembChannels, groups: groups, eps: eps)
    }
  }

  /// `[B, C, H, W]`, the activated embedding of the timestep `[B, T]` and the prompt to
  /// `[B, C, H, W]`.
  func callAsFunction(
    _ sample: Tensor, temb: Tensor, prompt: PromptContext
  ) throws -> Tensor {
    var hidden = sample
    for (index, resnet) in resnets.enumerated() {
      if index > 0 {
        hidden = try attentions[index - 1](hidden, prompt: prompt)
      }
      hidden = try resnet.recomputed([hidden, temb]) { try resnet($0[0], temb: $0[1]) }
    }
    return hidden
  }
}
