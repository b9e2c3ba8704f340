import NN
import Torch

/// One level of the down path (diffusers `DownBlock2D`, or `CrossAttnDownBlock2D` with a
/// transformer after each resnet).
final class UNetDownBlock2D: Module {
  let resnets: [ResnetBlock2D]
  let attentions: [Transformer2DModel]
  let downsamplers: [Downsample2D]

  /// - Parameters:
  ///   - transformer: nil without attention.
  ///   - downsamplePadding: nil for the last level, which keeps its size.
  init(
    _ inChannels: Int, _ outChannels: Int, layers: Int, tembChannels: Int, groups: Int,
    eps: Double, transformer: Transformer2DModel.Shape?, downsamplePadding: Int?
  ) {
    resnets = (0..<layers).map {
      ResnetBlock2D(
        $0 == 0 ? inChannels : outChannels, outChannels, tembChannels: tembChannels,
        groups: groups, eps: eps)
    }
    attentions = (0..<layers).compactMap { _ in
      transformer.map { Transformer2DModel(outChannels, shape: $0, groups: groups) }
    }
    downsamplers = downsamplePadding.map { [Downsample2D(outChannels, padding: $0)] } ?? []
  }

  /// `[B, inChannels, H, W]` to `[B, outChannels, H / 2, W / 2]`, rounded up.
  ///
  /// - Parameters:
  ///   - temb: the timestep's embedding `[B, T]`, activated.
  ///   - prompt: the inputs of the cross-attentions.
  ///   - skips: receives the inputs of the up path, one after each layer.
  func callAsFunction(
    _ sample: Tensor, temb: Tensor, prompt: PromptContext, skips: inout [Tensor]
  ) throws -> Tensor {
    var hidden = sample
    for (index, resnet) in resnets.enumerated() {
      hidden = try resnet.recomputed([hidden, temb]) { try resnet($0[0], temb: $0[1]) }
      if !attentions.isEmpty {
        hidden = try attentions[index](hidden, prompt: prompt)
      }
      skips.append(hidden)
    }
    for downsampler in downsamplers {
      hidden = try downsampler(hidden)
      skips.append(hidden)
    }
    return hidden
  }
}
