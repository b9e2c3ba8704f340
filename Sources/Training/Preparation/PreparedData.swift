import Datasets
import Failpoints
import Foundation
import StableDiffusion
import Torch

/// What training reads instead of images and captions, computed once into the caches, from where each
/// forward pass takes its own: memory does not grow with the pictures. The encoders and the VAE are
/// out of memory again when this is there.
struct PreparedData {
  /// The subject's pictures.
  let instances: SampleDeck
  /// The class images of prior preservation.
  let classImages: SampleDeck?
  /// The pictures that are kept from training.
  let heldOut: [SampleDeck.Sample]
  /// As many of those that are trained on, whose loss is measured beside.
  let compared: [SampleDeck.Sample]
  /// The latents of all of them.
  let latents: LatentCache
  /// The captions of all of them.
  let texts: TextCache
  /// The embeddings of the sample prompts, and of no negative prompt.
  let prompts: [PromptEmbedding]
  let negative: PromptEmbedding
  /// What is trained on, with the class images that were drawn.
  let identity: RunIdentity
  /// The files of the caches that the run uses.
  let cacheUse: CacheUse

  /// Computes what is not in the caches. What `checkStop`, asked before each of them, throws ends it;
  /// what is computed by then is kept.
  ///
  /// - Parameters:
  ///   - step: optimizer steps that are done already, whose samples are not needed any more.
  ///   - compare: asked about the identity once class images are drawn, before anything is computed
  ///     from them; what it throws ends it.
  init(
    _ setup: TrainingSetup, from step: Int = 0,
    compare: (RunIdentity) throws -> Void = { _ in }, checkStop: () throws -> Void,
    report: (TrainingEvent) throws -> Void
  ) throws {
    let config = setup.config
    let steps = step..<max(step, config.steps)
    var sources = PreparedSources(setup)
    let instances = SampleDeck(instances: sources.instances, config)
    let heldOut = Self.plain(sources.heldOut, config)
    let compared = Self.plain(sources.instances.evenlyChosen(heldOut.count), config)
    let latents = LatentCache(setup)
    let texts = try TextCache(setup)
    func progress(_ what: String, _ done: Int, _ count: Int) throws {
      Failpoint.caching.pass(what)
      try checkStop()
      try report(.preparing(what, done: done, of: count))
    }
    // A picture that cannot be read is told before class images are drawn, which may take long.
    let own = instances.contents(steps: steps)
    let evaluated = heldOut + compared
    let given = (own.views + evaluated.map(\.view)).distinct()
    try latents.fill(given) { try progress("latents", $0, given.count) }
    try sources.addClassImages(checkStop: checkStop, report: report)
    identity = sources.identity
    try compare(identity)
    let classImages =
      sources.classImages.isEmpty ? nil : SampleDeck(classImages: sources.classImages, config)
    let others = classImages?.contents(steps: steps) ?? (views: [], texts: [])
    try latents.fill(others.views) {
      try progress("latents of class images", $0, others.views.count)
    }

    let prompts = config.samplePrompts.map { TextPrompt.positive($0) }
    // What fills shorter captions up, where some have several chunks.
    let filling = config.maxCaptionTokens > 75 ? [TextPrompt.positive("")] : []
    let all =
      (own.texts + others.texts + evaluated.map(\.text) + prompts + filling + [.negative(nil)])
      .distinct()
    try texts.fill(all) { try progress("text", $0, all.count) }
    // libtorch keeps a GPU's memory for itself when tensors are freed, in pieces of their sizes.
    if setup.device.isCUDA { try Backend.emptyCache() }

    self.instances = instances
    self.classImages = classImages
    self.heldOut = heldOut
    self.compared = compared
    self.latents = latents
    self.texts = texts
    self.prompts = try prompts.map(texts.embedding)
    negative = try texts.embedding(.negative(nil))
    cacheUse = CacheUse(
      of: (given + others.views).map(latents.file) + all.map(texts.file)
        + sources.classImages.map(\.image.url), below: setup.caches)
  }

  /// Pictures to evaluate: always the same part of each, with the same caption.
  private static func plain(
    _ sources: [PictureSource], _ config: TrainingConfig
  ) -> [SampleDeck.Sample] {
    let recipe = CaptionRecipe(config.datasetOptions)
    return sources.enumerated().map { number, source in
      SampleDeck.Sample(
        view: source.view(),
        text: .caption(
          recipe.plain(source.image.captions), maxTokens: config.maxCaptionTokens),
        sizes: SizeConditioning(source.geometry), number: number, file: source.label)
    }
  }
}

extension [PictureSource] {
  /// At most so many, evenly apart.
  fileprivate func evenlyChosen(_ count: Int) -> [PictureSource] {
    let chosen = Swift.min(count, self.count)
    return (0..<chosen).map { self[$0 * self.count / chosen] }
  }
}
