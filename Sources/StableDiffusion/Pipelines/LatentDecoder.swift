import NN
public import Torch

/// Turns latents into pictures with a VAE that is in memory.
public struct LatentDecoder {
  private let vae: AutoencoderKL

  /// A decoder by this VAE, in the type and place of its weights.
  public init(vae: AutoencoderKL) { self.vae = vae }

  /// The pictures of latents `[B, C, h, w]` as the UNet sees them.
  ///
  /// Throws `DrawingError` for values that are not finite, and `TorchError`.
  public func pictures(of latents: Tensor) throws -> [Picture] {
    try noGrad {
      let weight = try vae.decoder.convIn.weight.tensor
      let placed = try latents.to(weight.dtype).to(weight.device)
      let decoded = try vae.decode(vae.unscaled(placed))
      guard try decoded.isFinite() else {
        throw DrawingError.pictureNotFinite(dtype: decoded.dtype)
      }
      // [B, 3, H, W] in -1...1 to [B, H, W, 3] in 0...255.
      let unit = try (decoded * 0.5 + 0.5).clamp(min: 0, max: 1).to(.float32)
      let bytes = try (unit * 255).round().to(.uint8).permute([0, 2, 3, 1])
      return try (0..<bytes.shape[0]).map { index in
        Picture(
          width: bytes.shape[2], height: bytes.shape[1],
          pixels: try bytes.select(dim: 0, index: index).uint8s())
      }
    }
  }
}
