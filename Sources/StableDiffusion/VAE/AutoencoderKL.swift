import Foundation
public import NN
public import Torch

/// Encodes images into latents and decodes latents into pictures (Rombach et al. 2022, section 3.1;
/// diffusers `AutoencoderKL`).
///
/// Images and pictures are RGB from -1 to 1. Inputs are cast to the type of the weights.
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

  /// Images `[B, 3, H, W]` to the distribution of their latents `[B, C, H / scale, W / scale]`,
  /// before `scaled`.
  public func encode(_ images: Tensor) throws -> DiagonalGaussian {
    try DiagonalGaussian(moments: moments(of: images))
  }

  /// Mean and log variance of the latents, `[B, 2C, H / scale, W / scale]`.
  func moments(of images: Tensor) throws -> Tensor {
    let moments = try encoder(images.to(encoder.convIn.weight.tensor.dtype))
    return try quantConv.map { try $0(moments) } ?? moments
  }

  /// Latents `[B, C, H, W]`, after `unscaled`, to pictures `[B, 3, scale * H, scale * W]`.
  public func decode(_ latents: Tensor) throws -> Tensor {
    let latents = try latents.to(decoder.convIn.weight.tensor.dtype)
    return try decoder(postQuantConv.map { try $0(latents) } ?? latents)
  }

  /// The UNet's latents, of order one, from those of `encode`.
  public func scaled(_ latents: Tensor) throws -> Tensor {
    try (latents - (configuration.shiftFactor ?? 0)) * configuration.scalingFactor
  }

  /// The same for a distribution.
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
