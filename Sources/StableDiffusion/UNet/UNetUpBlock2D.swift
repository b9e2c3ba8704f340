import NN
import Torch

/// One level of the up path (diffusers `UpBlock2D`, or `CrossAttnUpBlock2D` with a transformer
/// after each resnet).
final class UNetUpBlock2D: Module {
  let resnets: [ResnetBlock2D]
  let attentions: [Transformer2DModel]
  let upsamplers: [Upsample2D]

  /// - Parameters:
  ///   - skipChannels: channels of the last skip, which comes from the level outside this one.
  ///   - prevOutputChannel: channels of the sample, which comes from the level inside this one.
  ///   - transformer: nil without attention.
  init(
    skipChannels: Int, prevOutputChannel: Int, outChannels: Int, layers: Int, tembChannels: Int,
    groups: Int, eps: Double, transformer: Transformer2DModel.Shape?, upsample: Bool
  ) {
    resnets = (0..<layers).map {
      let sample = $0 == 0 ? prevOutputChannel : outChannels
      let skip = $0 == layers - 1 ? skipChannels : outChannels
      return ResnetBlock2D(
        sample + skip, outChannels, tembChannels: tembChannels, groups: groups, eps: eps)
    }
    attentions = (0..<layers).compactMap { _ in
      transformer.map { Transformer2DModel(outChannels, shape: $0, groups: groups) }
    }
    upsamplers = upsample ? [Upsample2D(outChannels)] : []
  }

  /// `[B, prevOutputChannel, H, W]` to `[B, outChannels, 2H, 2W]`.
  ///
  /// - Parameters:
  ///   - temb: the timestep's embedding `[B, T]`, activated.
  ///   - prompt: the inputs of the cross-attentions.
  ///   - skips: the down path's results; one is taken from the end for each layer. The output has
  ///     the size of the next one, if any, which is odd if the down path rounded up.
  func callAsFunction(
    _ sample: Tensor, temb: Tensor, prompt: PromptContext, skips: inout [Tensor]
  ) throws -> Tensor {
    var hidden = sample
    for (index, resnet) in resnets.enumerated() {
      hidden = try Tensor.cat([hidden, skips.removeLast()], dim: 1)
      hidden = try resnet.recomputed([hidden, temb]) { try resnet($0[0], temb: $0[1]) }
      if !attentions.isEmpty {
        hidden = try attentions[index](hidden, prompt: prompt)
      }
    }
    for upsampler in upsamplers {
      if let size = skips.last?.shape {
        hidden = try upsampler(hidden, height: size[2], width: size[3])
      } else {
        hidden = try upsampler(hidden)
      }
    }
    return hidden
  }
}
