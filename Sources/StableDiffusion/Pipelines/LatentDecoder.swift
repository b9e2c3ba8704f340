import NN
public import Torch

/// Decodes latents into pictures with a VAE that is in memory.
///
/// It never returns a black picture: if decoded values are not finite, it decodes again in float32,
/// or throws if it cannot.
public final class LatentDecoder {
  private let vae: AutoencoderKL
  /// The same VAE in float32, once a picture has needed it. Other pictures do not use it, so that
  /// no picture depends on the others.
  private var wide: AutoencoderKL?
  private let tiling: VAETiling
  private let tileSize: Int
  private let inFloat32: (() throws -> AutoencoderKL)?
  private let note: (DrawingNote) -> Void

  /// A decoder that uses this VAE in the type and on the device of its weights.
  ///
  /// - Parameters:
  ///   - tileSize: the side of a square in pixels; nil for that of the VAE's training.
  ///   - inFloat32: loads the same VAE in float32, for values that overflow; nil throws instead.
  ///   - note: receives every deviation from the request.
  public init(
    vae: AutoencoderKL, tiling: VAETiling = .automatic, tileSize: Int? = nil,
    inFloat32: (() throws -> AutoencoderKL)? = nil, note: @escaping (DrawingNote) -> Void = { _ in }
  ) {
    self.vae = vae
    self.tiling = tiling
    self.tileSize = tileSize ?? vae.configuration.sampleSize
    self.inFloat32 = inFloat32
    self.note = note
  }

  /// Decodes latents `[B, C, h, w]`, scaled as the UNet returns them.
  ///
  /// Throws `DrawingError` if values are not finite, and `TorchError`.
  public func pictures(of latents: Tensor) throws -> [Picture] {
    try noGrad {
      var decoded = try decode(latents, by: vae)
      if try !decoded.isFinite() {
        guard decoded.dtype != .float32, let inFloat32 else {
          throw DrawingError.pictureNotFinite(dtype: decoded.dtype)
        }
        if wide == nil { note(.decodedInFloat32(insteadOf: decoded.dtype)) }
        let wide = try wide ?? inFloat32()
        self.wide = wide
        decoded = try decode(latents, by: wide)
        guard try decoded.isFinite() else {
          throw DrawingError.pictureNotFinite(dtype: decoded.dtype)
        }
      }
      return try Picture.pictures(of: decoded)
    }
  }

  /// `[B, 3, H, W]`.
  private func decode(_ latents: Tensor, by vae: AutoencoderKL) throws -> Tensor {
    let weight = try vae.decoder.convIn.weight.tensor
    let unscaled = try vae.unscaled(latents.to(weight.dtype).to(weight.device))
    let scale = vae.configuration.scale
    let (height, width) = (latents.shape[2] * scale, latents.shape[3] * scale)
    let isTiled = tiling.isNeeded(
      width: width, height: height, vae.configuration, dtype: weight.dtype, device: weight.device)
    if !isTiled {
      do {
        return try vae.decode(unscaled)
      } catch let error as TorchError where error.isOutOfMemory && tiling == .automatic {
        // Decoded in squares below.
      }
    }
    if tiling == .automatic { note(.tiled(width: width, height: height)) }
    return try tiledDecode(unscaled, by: vae)
  }

  /// Decodes in squares. While memory is short even for those, they are halved, twice at most.
  private func tiledDecode(_ latents: Tensor, by vae: AutoencoderKL) throws -> Tensor {
    let unit = 4 * vae.configuration.scale
    let halved = [2, 4].map { tileSize / $0 }.filter { $0 > 0 && $0.isMultiple(of: unit) }
    var size = tileSize
    for smaller in halved {
      do {
        return try vae.tiledDecode(latents, tileSize: size)
      } catch let error as TorchError where error.isOutOfMemory {
        size = smaller
      }
    }
    return try vae.tiledDecode(latents, tileSize: size)
  }
}
