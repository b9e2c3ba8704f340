import NN
import Torch

/// Decodes latents into pictures (diffusers `Decoder`, a name that Swift uses for another type).
final class VAEDecoder: Module {
  let convIn: Conv2d
  let midBlock: VAEMidBlock2D
  let upBlocks: [UpDecoderBlock2D]
  let convNormOut: GroupNorm
  let convOut: Conv2d

  init(_ configuration: VAEConfiguration) {
    let channels = configuration.blockOutChannels
    let groups = configuration.normNumGroups
    let last = channels.count - 1
    convIn = Conv2d(configuration.latentChannels, channels[last], kernelSize: 3, padding: 1)
    midBlock = VAEMidBlock2D(
      channels[last], groups: groups, addAttention: configuration.midBlockAddAttention)
    upBlocks = channels.indices.reversed().map {
      UpDecoderBlock2D(
        channels[min($0 + 1, last)], channels[$0], layers: configuration.layersPerBlock + 1,
        groups: groups, upsample: $0 > 0)
    }
    convNormOut = GroupNorm(groups: groups, channels: channels[0], eps: vaeNormEps)
    convOut = Conv2d(channels[0], configuration.outChannels, kernelSize: 3, padding: 1)
  }

  /// `[B, latentChannels, H, W]` to `[B, 3, scale * H, scale * W]`.
  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    var hidden = try midBlock(convIn(sample))
    for block in upBlocks { hidden = try block(hidden) }
    return try convOut(convNormOut.activated(hidden))
  }
}

/// One level of the decoder (diffusers `UpDecoderBlock2D`).
final class UpDecoderBlock2D: Module {
  let resnets: [ResnetBlock2D]
  let upsamplers: [Upsample2D]

  init(_ inChannels: Int, _ outChannels: Int, layers: Int, groups: Int, upsample: Bool) {
    resnets = (0..<layers).map {
      ResnetBlock2D(
        $0 == 0 ? inChannels : outChannels, outChannels, tembChannels: nil, groups: groups,
        eps: vaeNormEps)
    }
    upsamplers = upsample ? [Upsample2D(outChannels)] : []
  }

  /// `[B, inChannels, H, W]` to `[B, outChannels, 2H, 2W]`.
  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    var hidden = sample
    for resnet in resnets { hidden = try resnet(hidden) }
    for upsampler in upsamplers { hidden = try upsampler(hidden) }
    return hidden
  }
}
