import Foundation
import Images
import StableDiffusion
import Torch

/// The VAE's view of every image, computed once: mean and log-variance, so that training samples the
/// posterior anew in every step.
struct LatentCache {
  /// Part of every key; raised whenever the same inputs give other latents.
  private static let version = "latents 1"

  private let cache: TensorCache
  private let vaeHash: String
  private let device: Device

  /// - Parameters:
  ///   - root: the folder of all caches.
  ///   - vaeHash: the hash of the VAE's weights and configuration.
  ///   - device: where the VAE is.
  ///   - threads: how many compute where that is the CPU.
  init(in root: URL, vaeHash: String, device: Device, threads: Int) {
    cache = TensorCache("latents", in: root, device: device, threads: threads)
    self.vaeHash = vaeHash
    self.device = device
  }

  /// The cache of what a training reads.
  init(_ setup: TrainingSetup) {
    self.init(
      in: setup.caches, vaeHash: setup.identity.hash(of: .vae), device: setup.device,
      threads: setup.config.threads ?? Backend.threads)
  }

  /// The posterior of each image, float32 `[1, C, h, w]` on the CPU.
  ///
  /// - Parameters:
  ///   - load: gives the VAE; called when something has to be computed, at most once.
  ///   - progress: called before something is computed, with the number of images done; what it
  ///     throws ends it.
  func posteriors(
    of images: [(image: DatasetImage, hash: String, geometry: CropGeometry)],
    load: () throws -> AutoencoderKL, progress: (Int) throws -> Void
  ) throws -> [DiagonalGaussian] {
    var vae: AutoencoderKL?
    return try images.enumerated().map { index, entry in
      let key = cache.key([Self.version, entry.hash, "\(entry.geometry)", vaeHash])
      let kept = try cache.tensors(key, names: ["mean", "logvar"]) {
        try progress(index)
        let model = try vae ?? load()
        vae = model
        return try moments(of: entry.image, entry.geometry, by: model)
      }
      return DiagonalGaussian(mean: kept[0], logvar: kept[1])
    }
  }

  private func moments(
    of image: DatasetImage, _ geometry: CropGeometry, by vae: AutoencoderKL
  ) throws -> [Tensor] {
    let posterior = try noGrad {
      try vae.encode(TrainingPicture.pixels(of: image, geometry).to(device))
    }
    return try [posterior.mean, posterior.logvar].map { tensor in
      let kept = try tensor.to(.float32).to(.cpu)
      guard try kept.isFinite() else {
        throw TrainingError.latentNotFinite(file: image.url.relativePath)
      }
      return kept
    }
  }
}
