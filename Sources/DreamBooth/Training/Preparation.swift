import Foundation
import StableDiffusion
import Torch

/// What training reads instead of images and captions, computed once; the encoders and the VAE are
/// out of memory again when this is there.
struct PreparedData {
  /// One image: its posterior `[1, C, h, w]` and text on the CPU, and its sizes.
  struct Sample {
    let file: String
    let posterior: DiagonalGaussian
    let text: PromptEmbedding
    let sizes: SizeConditioning
  }

  let samples: [Sample]
  /// The embeddings of the sample prompts, and of no negative prompt.
  let prompts: [PromptEmbedding]
  let negative: PromptEmbedding

  /// Takes everything from the caches and computes what is not there. What `checkStop`, asked
  /// before each of them, throws ends it; what is computed by then is kept.
  init(
    _ setup: TrainingSetup, checkStop: () throws -> Void, report: (TrainingEvent) throws -> Void
  ) throws {
    let images = setup.dataset.images
    let geometries = images.map { image in
      CropGeometry(
        originalWidth: image.width, originalHeight: image.height, targetWidth: setup.resolution,
        targetHeight: setup.resolution)
    }

    func progress(_ what: String, _ done: Int, _ count: Int) throws {
      try checkStop()
      try report(.preparing(what, done: done, of: count))
    }

    let threads = setup.config.threads ?? Backend.threads
    // Each model is freed when its function returns.
    let posteriors = try LatentCache(
      in: setup.caches, vaeHash: setup.identity.hash(of: .vae), device: setup.device,
      threads: threads
    ).posteriors(
      of: images.indices.map { index in
        (images[index], setup.identity.images[index].sha256, geometries[index])
      },
      load: { try setup.model.loadVAE(dtype: .float32, device: setup.device) },
      progress: { try progress("latents", $0, images.count) })

    let texts: [TextPrompt] =
      images.map { .positive($0.caption) } + setup.config.samplePrompts.map { .positive($0) }
      + [.negative(nil)]
    let distinct = Array(Set(texts)).sorted { $0.description < $1.description }
    let embeddings = try TextCache(
      in: setup.caches, modelHash: Self.textHash(setup), device: setup.device, threads: threads
    ).embeddings(
      of: distinct,
      load: { try setup.model.loadPromptEncoder(dtype: setup.dtype, device: setup.device) },
      progress: { try progress("text", $0, distinct.count) })
    // libtorch keeps a GPU's memory for itself when tensors are freed, in pieces of their sizes.
    if setup.device.isCUDA { try Backend.emptyCache() }

    let byText = Dictionary(zip(distinct, embeddings)) { $1 }
    let ordered = texts.compactMap { byText[$0] }

    samples = images.indices.map { index in
      Sample(
        file: images[index].name, posterior: posteriors[index], text: ordered[index],
        sizes: SizeConditioning(geometries[index]))
    }
    prompts = Array(ordered[images.count..<ordered.count - 1])
    negative = ordered[ordered.count - 1]
  }

  /// The hash of everything that a prompt's embedding depends on besides the prompt.
  private static func textHash(_ setup: TrainingSetup) -> String {
    let parts: [ModelDirectory.Component] = [.tokenizer, .tokenizer2, .textEncoder, .textEncoder2]
    return ContentHash.of(
      parts.map(setup.identity.hash(of:))
        + [setup.dtype.rawValue, "\(setup.model.forceZerosForEmptyPrompt)"])
  }
}

extension SizeConditioning {
  /// What SDXL is told of an image that training sees cropped.
  init(_ geometry: CropGeometry) {
    self.init(width: geometry.targetWidth, height: geometry.targetHeight)
    originalHeight = geometry.originalHeight
    originalWidth = geometry.originalWidth
    cropTop = geometry.cropTop
    cropLeft = geometry.cropLeft
  }
}
