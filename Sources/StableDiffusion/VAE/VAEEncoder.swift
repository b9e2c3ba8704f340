import NN
import Torch

/// Encodes images into the moments of their latents (diffusers `Encoder`, a name that Swift uses
/// for another type).
final class VAEEncoder: Module {
  let convIn: Conv2d
  let downBlocks: [DownEncoderBlock2D]
  let midBlock: VAEMidBlock2D
  let convNormOut: GroupNorm
  let convOut: Conv2d

  init(_ configuration: VAEConfiguration) {
    let channels = configuration.blockOutChannels
    let groups = configuration.normNumGroups
    let last = channels.count - 1
    convIn = Conv2d(configuration.inChannels, channels[0], kernelSize: 3, padding: 1)
    downBlocks = channels.indices.map {
      DownEncoderBlock2D(
        channels[max($0 - 1, 0)], channels[$0], layers: configuration.layersPerBlock,
        groups: groups, downsample: $0 < last)
    }
    midBlock = VAEMidBlock2D(
      channels[last], groups: groups, addAttention: configuration.midBlockAddAttention)
    convNormOut = GroupNorm(groups: groups, channels: channels[last], eps: vaeNormEps)
    convOut = Conv2d(channels[last], 2 * configuration.latentChannels, kernelSize: 3, padding: 1)
  }

  /// `[B, 3, H, W]` to `[B, 2 * latentChannels, H / scale, W / scale]`.
  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    var hidden = try convIn(sample)
    for block in downBlocks { hidden = try block(hidden) }
    hidden = try midBlock(hidden)
    return try convOut(convNormOut.activated(hidden))
  }
}

/// One level of the encoder (diffusers `DownEncoderBlock2D`).
final class DownEncoderBlock2D: Module {
  let resnets: [ResnetBlock2D]
  let downsamplers: [Downsample2D]

  init(_ inChannels: Int, _ outChannels: Int, layers: Int, groups: Int, downsample: Bool) {
    resnets = (0..<layers).map {
      ResnetBlock2D(
        $0 == 0 ? inChannels : outChannels, outChannels, tembChannels: nil, groups: groups,
        eps: vaeNormEps)
    }
    downsamplers = downsample ? [Downsample2D(outChannels, padding: 0)] : []
  }

  /// `[B, inChannels, H, W]` to `[B, outChannels, H / 2, W / 2]`.
  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    var hidden = sample
    for resnet in resnets { hidden = try resnet(hidden) }
    for downsampler in downsamplers { hidden = try downsampler(hidden) }
    return hidden
  }
}
