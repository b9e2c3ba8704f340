import Datasets
import Drawing
public import Files
import Foundation
import Images
import NN
import StableDiffusion
import Torch

/// The VAE's view of every picture, computed once: mean and log-variance, so that training can
/// sample the posterior anew in every step, and the mask at the latents' size.
///
/// The VAE computes in float32, whatever the training does. Pictures of more than 1536 x 1536 pixels
/// are encoded in tiles (``AutoencoderKL/tiledEncode(_:tileSize:)``), since each of SDXL's widest
/// activations takes 1.2 GB at that size: tiles of the side that the model was trained for, as in
/// diffusers, and of 512 pixels at least.
struct LatentCache {
  /// Part of every key; raised whenever the same inputs give other latents.
  private static let version = "latents 2"
  /// Area in pixels above which a picture is encoded in tiles.
  static let largestWhole = 1536 * 1536
  /// The least side of a tile in pixels; larger where the model was trained for larger pictures.
  private static let smallestTile = 512

  private let cache: TensorCache
  private let memory: MemoryCache<PictureView, EncodedPicture>
  private let vaeHash: String
  private let device: Device
  private let load: () throws -> AutoencoderKL

  /// - Parameters:
  ///   - root: the folder of all caches.
  ///   - vaeHash: the hash of the VAE's weights and configuration.
  ///   - device: where the VAE is.
  ///   - threads: how many compute where that is the CPU.
  ///   - memoryLimit: how many bytes of latents stay in memory.
  ///   - load: gives the VAE in float32; called when something has to be computed.
  init(
    in root: URL, vaeHash: String, device: Device, threads: Int,
    memoryLimit: Int = MemoryCache<PictureView, EncodedPicture>.standardLimit,
    load: @escaping () throws -> AutoencoderKL
  ) {
    memory = MemoryCache(limit: memoryLimit)
    cache = TensorCache(.latents, in: root, device: device, threads: threads)
    self.vaeHash = vaeHash
    self.device = device
    self.load = load
  }

  /// Where a view's latents are kept.
  func file(of view: PictureView) -> URL { cache.url(key(view)) }

  /// Computes what is not kept whole, each view once, and keeps it. The next pictures are decoded
  /// while the VAE encodes one; no more than three are in memory. The VAE is loaded at most once, and
  /// freed when this returns.
  ///
  /// - Parameter progress: called before a view is computed, with the number of distinct views done;
  ///   what it throws ends the work, and what is computed by then is kept.
  /// - Throws: `LatentError.notFinite`, `ImageError`, `FileAccessError.unwritable`.
  func fill(_ views: [PictureView], progress: (_ done: Int) throws -> Void) throws {
    let distinct = views.distinct()
    let missing = distinct.indices.filter { kept(distinct[$0]) == nil }
    var vae: AutoencoderKL?
    // Decoding takes none of libtorch's threads: they are all the VAE's.
    try Prefetch.forEach(missing.map { distinct[$0] }, make: TrainingPicture.crop) { index, crop in
      try progress(missing[index])
      let model = try vae ?? load()
      vae = model
      let view = distinct[missing[index]]
      try cache.store(encode(crop, of: view, by: model).tensors, key(view))
    }
  }

  /// The latents of a view: from memory where they were read before, else from the disk. Where they are
  /// not kept whole there, since somebody has deleted or damaged them, they are computed again.
  ///
  /// Throws as ``fill(_:progress:)`` does.
  func latents(of view: PictureView) throws -> EncodedPicture {
    if let kept = kept(view) { return kept }
    try cache.store(encode(TrainingPicture.crop(of: view), of: view, by: load()).tensors, key(view))
    // Read back: a tensor in another memory layout has the same values, but leads to other last
    // bits, and a run would differ from one that finds it here.
    guard let kept = EncodedPicture(try TensorEntry(url: file(of: view)).read()) else {
      throw CacheError.damaged(
        file: file(of: view).relativePath, problem: "it lacks what was written")
    }
    memory.keep(kept, bytes: kept.bytes, for: view)
    return kept
  }

  /// The latents of a view in memory or, verified, on the disk.
  private func kept(_ view: PictureView) -> EncodedPicture? {
    if let known = memory.value(view) { return known }
    guard let read = cache.tensors(key(view)).flatMap(EncodedPicture.init) else { return nil }
    memory.keep(read, bytes: read.bytes, for: view)
    return read
  }

  private func encode(
    _ crop: PictureCrop, of view: PictureView, by vae: AutoencoderKL
  ) throws -> EncodedPicture {
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
    return EncodedPicture(
      posterior: DiagonalGaussian(mean: parts[0], logvar: parts[1]),
      mask: try crop.weights(scale: vae.configuration.scale))
  }

  private func key(_ view: PictureView) -> String {
    let geometry = view.geometry
    let mask: [String] =
      switch view.mask {
      case .file(_, let sha256): ["mask", sha256]
      case .alpha: ["alpha"]
      case nil: ["no mask"]
      }
    return cache.key(
      [
        Self.version, "tiles above \(Self.largestWhole), from \(Self.smallestTile)", "float32",
        vaeHash, view.sha256, "original \(geometry.original)", "resized \(geometry.resized)",
        "top \(geometry.cropTop)", "left \(geometry.cropLeft)", "target \(geometry.target)",
        view.isMirrored ? "mirrored" : "as it is",
      ] + mask)
  }
}

/// Latents that training cannot use.
public enum LatentError: ReportableError, Equatable {
  /// The VAE gave something that is not a number for an image.
  case notFinite(file: String)

  /// What kind of fault it is.
  public var kind: ErrorKind { .badData }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .notFinite(let file):
      "The latent of \(file) is not finite; remove the image, or use a VAE that does not overflow."
    }
  }
}
