import Foundation
public import NN
public import Torch

/// Between pictures and latents (Rombach et al. 2022, section 3.1; diffusers `AutoencoderKL`).
///
/// Pictures are RGB from -1 to 1. Everything runs in the type of the weights; inputs may have
/// another one.
public final class AutoencoderKL: Module {
  /// Sizes and switches, from `vae/config.json`.
  public let configuration: VAEConfiguration
  let encoder: VAEEncoder
  let quantConv: Conv2d?
  let postQuantConv: Conv2d?
  let decoder: VAEDecoder

  /// The autoencoder without weights.
  public init(_ configuration: VAEConfiguration) {
    let latents = configuration.latentChannels
    self.configuration = configuration
    encoder = VAEEncoder(configuration)
    quantConv =
      configuration.useQuantConv ? Conv2d(2 * latents, 2 * latents, kernelSize: 1) : nil
    postQuantConv =
      configuration.usePostQuantConv ? Conv2d(latents, latents, kernelSize: 1) : nil
    decoder = VAEDecoder(configuration)
  }

  /// Pictures `[B, 3, H, W]` to the distribution of their latents `[B, C, H / scale, W / scale]`,
  /// before `scaled`.
  public func encode(_ pictures: Tensor) throws -> DiagonalGaussian {
    try DiagonalGaussian(moments: moments(of: pictures))
  }

  /// Mean and log variance of the latents, `[B, 2C, H / scale, W / scale]`.
  func moments(of pictures: Tensor) throws -> Tensor {
    let moments = try encoder(pictures.to(encoder.convIn.weight.tensor.dtype))
    return try quantConv.map { try $0(moments) } ?? moments
  }

  /// Latents `[B, C, H, W]`, after `unscaled`, to pictures `[B, 3, scale * H, scale * W]`.
  public func decode(_ latents: Tensor) throws -> Tensor {
    let latents = try latents.to(decoder.convIn.weight.tensor.dtype)
    return try decoder(postQuantConv.map { try $0(latents) } ?? latents)
  }

  /// Latents as `encode` gives them, to latents of order one as the UNet has them.
  public func scaled(_ latents: Tensor) throws -> Tensor {
    try (latents - (configuration.shiftFactor ?? 0)) * configuration.scalingFactor
  }

  /// The same of a distribution.
  func scaled(_ latents: DiagonalGaussian) throws -> DiagonalGaussian {
    DiagonalGaussian(
      mean: try scaled(latents.mean),
      logvar: try latents.logvar + 2 * log(configuration.scalingFactor))
  }

  /// The inverse of `scaled`.
  public func unscaled(_ latents: Tensor) throws -> Tensor {
    try latents / configuration.scalingFactor + (configuration.shiftFactor ?? 0)
  }
}
