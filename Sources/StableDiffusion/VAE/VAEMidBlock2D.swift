import NN
import Torch

/// The epsilon of every group norm of the autoencoder; it is not part of the configuration.
let vaeNormEps = 1e-6

/// The middle of encoder and decoder: attention among all pixels between two resnets (diffusers
/// `UNetMidBlock2D`).
final class VAEMidBlock2D: Module {
  let attentions: [Attention]
  let resnets: [ResnetBlock2D]

  init(_ channels: Int, groups: Int, addAttention: Bool) {
    attentions = addAttention ? [.overPixels(channels, groups: groups)] : []
    resnets = (0..<2).map { _ in
      ResnetBlock2D(channels, channels, tembChannels: nil, groups: groups, eps: vaeNormEps)
    }
  }

  /// `[B, C, H, W]` to `[B, C, H, W]`.
  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    var hidden = try resnets[0](sample)
    for attention in attentions { hidden = try attention.overPixels(hidden) }
    return try resnets[1](hidden)
  }
}

extension Attention {
  /// The attention of the autoencoder, with one head.
  static func overPixels(_ channels: Int, groups: Int) -> Attention {
    Attention(
      queryDim: channels, heads: 1, headDim: channels, bias: true,
      groupNorm: GroupNorm(groups: groups, channels: channels, eps: vaeNormEps))
  }

  /// `[B, C, H, W]` to `[B, C, H, W]`: the pixels attend to one another and the result is added.
  func overPixels(_ sample: Tensor) throws -> Tensor {
    let shape = sample.shape
    let normed = try groupNorm.map { try $0(sample) } ?? sample
    let tokens = try normed.reshape([shape[0], shape[1], -1]).transpose(1, 2)  // [B, H * W, C]
    return try sample + self(tokens).transpose(1, 2).reshape(shape)
  }
}
