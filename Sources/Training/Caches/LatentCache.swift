import Datasets
import Drawing
public import Files
import Foundation
import Images
import NN
import StableDiffusion
import Torch

/// The VAE's posterior of every image, computed once: mean and log-variance, so that training can
/// draw a new sample in every step, and the mask at the size of the latents.
///
/// The VAE always computes in float32. Images of more than 1536 x 1536 pixels are encoded in tiles
/// (``AutoencoderKL/tiledEncode(_:tileSize:)``), because each of SDXL's widest activations takes
/// 1.2 GB at that size. The side of a tile is the size that the model was trained for, as in
/// diffusers, but at least 512 pixels.
struct LatentCache {
  /// Part of every key. Raise it whenever the same inputs give other latents.
  private static let version = "latents 5"
  /// Area in pixels above which an image is encoded in tiles.
  static let largestWhole = 1536 * 1536
  /// The smallest side of a tile, in pixels.
  private static let smallestTile = 512

  private let cache: TensorCache
  private let memory: MemoryCache<ImageView, EncodedImage>
  private let vaeHash: String
  private let device: Device
  private let load: () throws -> AutoencoderKL

  /// - Parameters:
  ///   - root: The cache folder.
  ///   - vaeHash: The hash of the VAE's weights and configuration.
  ///   - device: The VAE's device.
  ///   - arithmetic: What decides the last bits of the latents, a part of the keys.
  ///   - memoryLimit: The maximum of latents in memory, in bytes.
  ///   - load: Loads the VAE in float32. Called only if latents have to be computed.
  init(
    in root: URL, vaeHash: String, device: Device, arithmetic: Arithmetic,
    memoryLimit: Int = MemoryCache<ImageView, EncodedImage>.standardLimit,
    load: @escaping () throws -> AutoencoderKL
  ) {
    memory = MemoryCache(limit: memoryLimit)
    cache = TensorCache(.latents, in: root, arithmetic)
    self.vaeHash = vaeHash
    self.device = device
    self.load = load
  }

  func file(of view: ImageView) -> URL { cache.url(key(view)) }

  /// Computes and caches the latents of views that are not cached, each view once. While the VAE
  /// encodes an image, the next ones are decoded; at most three are in memory. The VAE is loaded at
  /// most once and freed at the end.
  ///
  /// - Parameter progress: Called before a view is computed, with the number of distinct views
  ///   done. An error that it throws ends the work; latents computed so far stay cached.
  /// - Throws: `LatentError.notFinite`, `ImageError`, `FileAccessError.unwritable`.
  func fill(_ views: [ImageView], progress: (_ done: Int) throws -> Void) throws {
    let distinct = views.distinct()
    let missing = distinct.indices.filter { cached(distinct[$0]) == nil }
    var vae: AutoencoderKL?
    // Decoding uses a thread of its own, so the VAE has all of libtorch's threads.
    try Prefetch.forEach(missing.map { distinct[$0] }, make: TrainingImage.crop) { index, crop in
      try progress(missing[index])
      let model = try vae ?? load()
      vae = model
      let view = distinct[missing[index]]
      try cache.store(encode(crop, of: view, by: model).tensors, key(view))
    }
  }

  /// The latents of a view, from memory or from the disk. If their file was deleted or damaged,
  /// they are computed again.
  ///
  /// Throws the errors of ``fill(_:progress:)``.
  func latents(of view: ImageView) throws -> EncodedImage {
    if let cached = cached(view) { return cached }
    try cache.store(encode(TrainingImage.crop(of: view), of: view, by: load()).tensors, key(view))
    // Read back: the same values in another memory layout lead to other last bits, and the run
    // would differ from one that finds the file.
    guard let stored = EncodedImage(try TensorEntry(url: file(of: view)).read()) else {
      throw CacheError.damaged(
        file: file(of: view).relativePath, problem: "tensors are missing in it")
    }
    memory.insert(stored, bytes: stored.bytes, for: view)
    return stored
  }

  /// The latents of a view from memory, or from the disk after checking their hash.
  private func cached(_ view: ImageView) -> EncodedImage? {
    if let known = memory.value(view) { return known }
    guard let read = cache.tensors(key(view)).flatMap(EncodedImage.init) else { return nil }
    memory.insert(read, bytes: read.bytes, for: view)
    return read
  }

  private func encode(
    _ crop: ImageCrop, of view: ImageView, by vae: AutoencoderKL
  ) throws -> EncodedImage {
    let posterior = try noGrad {
      let pixels = try crop.pixels().to(device)
      return view.geometry.target.area > Self.largestWhole
        ? try vae.tiledEncode(
          pixels, tileSize: max(Self.smallestTile, vae.configuration.sampleSize))
        : try vae.encode(pixels)
    }
    let parts = try [posterior.mean, posterior.logvar].map { try $0.to(.float32).to(.cpu) }
    guard try parts.allSatisfy({ try $0.isFinite() }) else {
      throw LatentError.notFinite(file: view.url.relativePath)
    }
    return EncodedImage(
      posterior: DiagonalGaussian(mean: parts[0], logvar: parts[1]),
      mask: try crop.weights(scale: vae.configuration.scale))
  }

  private func key(_ view: ImageView) -> String {
    let geometry = view.geometry
    let mask: [String] =
      switch view.mask {
      case .file(_, let sha256): ["mask", sha256]
      case .alpha: ["alpha"]
      case nil: ["no mask"]
      }
    return cache.key(
      [
        Self.version, ImageDecoder.convertsColors ? "colors in sRGB" : "colors as stored",
        "tiles above \(Self.largestWhole), from \(Self.smallestTile)", "float32",
        vaeHash, view.sha256, "original \(geometry.original)", "resized \(geometry.resized)",
        "top \(geometry.cropTop)", "left \(geometry.cropLeft)", "target \(geometry.target)",
        view.isMirrored ? "mirrored" : "as it is",
      ] + mask)
  }
}

/// Latents that training cannot use.
public enum LatentError: ReportableError, Equatable {
  /// The VAE's output for an image has an infinite value or one that is not a number.
  case notFinite(file: String)

  /// The kind of error.
  public var kind: ErrorKind { .badData }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .notFinite(let file):
      "The latent of \(file) is not finite; remove the image, or use a VAE that does not overflow."
    }
  }
}
