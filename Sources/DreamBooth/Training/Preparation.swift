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
  /// The class images of prior preservation.
  let classSamples: [Sample]
  /// The pictures that are kept from training.
  let heldOut: [Sample]
  /// The embeddings of the sample prompts, and of no negative prompt.
  let prompts: [PromptEmbedding]
  let negative: PromptEmbedding
  /// What is trained on, with the class images that were drawn.
  let identity: RunIdentity

  /// Takes everything from the caches and computes what is not there. What `checkStop`, asked
  /// before each of them, throws ends it; what is computed by then is kept.
  init(
    _ setup: TrainingSetup, checkStop: () throws -> Void, report: (TrainingEvent) throws -> Void
  ) throws {
    func progress(_ what: String, _ done: Int, _ count: Int) throws {
      try checkStop()
      try report(.preparing(what, done: done, of: count))
    }

    let sources = try PreparedSources(setup, checkStop: checkStop, report: report)
    identity = sources.identity
    let all = sources.instances + sources.classImages + sources.heldOut
    // Each model is freed when its function returns.
    let posteriors = try LatentCache(setup).posteriors(
      of: all.map { ($0.image, $0.sha256, $0.geometry) },
      load: { try setup.model.loadVAE(dtype: .float32, device: setup.device) },
      progress: { try progress("latents", $0, all.count) })

    let texts: [TextPrompt] =
      all.map { .positive($0.image.caption) } + setup.config.samplePrompts.map { .positive($0) }
      + [.negative(nil)]
    let distinct = Array(Set(texts)).sorted { $0.description < $1.description }
    let embeddings = try TextCache(setup).embeddings(
      of: distinct,
      load: { try setup.model.loadPromptEncoder(dtype: setup.dtype, device: setup.device) },
      progress: { try progress("text", $0, distinct.count) })
    // libtorch keeps a GPU's memory for itself when tensors are freed, in pieces of their sizes.
    if setup.device.isCUDA { try Backend.emptyCache() }

    let byText = Dictionary(zip(distinct, embeddings)) { $1 }
    let ordered = texts.compactMap { byText[$0] }

    let samples = all.indices.map { index in
      Sample(
        file: all[index].label, posterior: posteriors[index], text: ordered[index],
        sizes: SizeConditioning(all[index].geometry))
    }
    let trained = sources.instances.count + sources.classImages.count
    self.samples = Array(samples[..<sources.instances.count])
    classSamples = Array(samples[sources.instances.count..<trained])
    heldOut = Array(samples[trained...])
    prompts = Array(ordered[all.count..<ordered.count - 1])
    negative = ordered[ordered.count - 1]
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
