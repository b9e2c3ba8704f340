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
  ///
  /// - Parameter compare: asked about the identity once class images are drawn, before anything is
  ///   computed from them; what it throws ends it.
  init(
    _ setup: TrainingSetup, compare: (RunIdentity) throws -> Void = { _ in },
    checkStop: () throws -> Void, report: (TrainingEvent) throws -> Void
  ) throws {
    func progress(_ what: String, _ done: Int, _ count: Int) throws {
      try checkStop()
      try report(.preparing(what, done: done, of: count))
    }

    var sources = PreparedSources(setup)
    let given = sources.instances + sources.heldOut
    let count = given.count + (setup.classImages?.count ?? 0)
    // Each model is freed when its function returns.
    func posteriors(
      of some: [PreparedSources.Source], after done: Int
    ) throws -> [DiagonalGaussian] {
      try LatentCache(setup).posteriors(
        of: some.map { ($0.image, $0.sha256, $0.geometry) },
        load: { try setup.model.loadVAE(dtype: .float32, device: setup.device) },
        progress: { try progress("latents", done + $0, count) })
    }
    // A picture that cannot be read is told before class images are drawn, which may take long.
    var latents = try posteriors(of: given, after: 0)
    try sources.addClassImages(checkStop: checkStop, report: report)
    identity = sources.identity
    try compare(identity)
    latents += try posteriors(of: sources.classImages, after: given.count)
    let all = given + sources.classImages

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
        file: all[index].label, posterior: latents[index], text: ordered[index],
        sizes: SizeConditioning(all[index].geometry))
    }
    self.samples = Array(samples[..<sources.instances.count])
    heldOut = Array(samples[sources.instances.count..<given.count])
    classSamples = Array(samples[given.count...])
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
