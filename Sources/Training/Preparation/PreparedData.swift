import Datasets
import Failpoints
import Foundation
import StableDiffusion
import Torch

/// The latents and embeddings that training reads instead of images and captions. They are computed
/// once into the caches, and each forward pass reads its own from there, so memory does not grow
/// with the dataset. Text encoders and VAE are freed after the preparation.
struct PreparedData {
  /// The subject's images.
  let instances: SampleDeck
  /// The class images of prior preservation; nil without.
  let classImages: SampleDeck?
  /// The validation images.
  let validation: [SampleDeck.Sample]
  /// As many training images, whose loss is measured for comparison.
  let compared: [SampleDeck.Sample]
  /// The latents of all images.
  let latents: LatentCache
  /// The embeddings of all captions.
  let texts: TextCache
  /// The embeddings of the sample prompts.
  let prompts: [PromptEmbedding]
  /// The embeddings for samples without a negative prompt, each as long as its prompt's.
  let negatives: [PromptEmbedding]
  /// The identity of the data, with the class images that were drawn.
  let identity: RunIdentity
  /// The cache entries that the run uses.
  let cacheUse: CacheUse

  /// Computes what is missing in the caches. `checkStop` is called before each computation. Its
  /// error ends the preparation; entries computed so far stay cached.
  ///
  /// - Parameters:
  ///   - step: The number of optimizer steps already done, whose samples are no longer needed.
  ///   - compare: Called with the identity after the class images are drawn and before they are
  ///     encoded. Its error ends the preparation.
  init(
    _ setup: TrainingSetup, from step: Int = 0,
    compare: (RunIdentity) throws -> Void = { _ in }, checkStop: () throws -> Void,
    report: (TrainingEvent) throws -> Void
  ) throws {
    let config = setup.config
    let steps = step..<max(step, config.steps)
    var sources = PreparedSources(setup)
    let instances = SampleDeck(
      instances: sources.instances, config, classTexts: setup.classTexts)
    let validation = Self.plain(sources.validation, config)
    let compared = Self.plain(sources.instances.evenlyChosen(validation.count), config)
    let latents = try LatentCache(setup)
    let texts = try TextCache(setup)
    func progress(_ what: String, _ done: Int, _ count: Int) throws {
      Failpoint.caching.pass(what)
      try checkStop()
      try report(.preparing(what, done: done, of: count))
    }
    // The subject's images come first: an unreadable one is reported before class images are drawn,
    // which may take long.
    let own = instances.contents(steps: steps)
    let evaluated = validation + compared
    let given = (own.views + evaluated.map(\.view)).distinct()
    try setup.filling(given) { part in
      try latents.fill(part) { try progress("latents", $0, part.count) }
    }
    try sources.addClassImages(checkStop: checkStop, report: report)
    identity = sources.identity
    try compare(identity)
    let classImages =
      sources.classImages.isEmpty ? nil : SampleDeck(classImages: sources.classImages, config)
    let others = classImages?.contents(steps: steps) ?? (views: [], texts: [])
    try setup.filling(others.views) { part in
      try latents.fill(part) { try progress("latents of class images", $0, part.count) }
    }

    let prompts = config.samplePromptTexts
    // Pads short captions in batches with captions of several chunks.
    let filling = config.maxCaptionTokens > 75 ? [TextPrompt.positive("")] : []
    // Encoders that are both trained encode the captions themselves.
    let captions =
      config.text.trainedParts.count == 2
      ? [] : own.texts + others.texts + evaluated.map(\.text)
    let all = (captions + prompts + filling + [.negative(nil)]).distinct()
    try setup.filling(all) { part in
      try texts.fill(part) { try progress("text", $0, part.count) }
    }
    // libtorch keeps the GPU memory of freed tensors, in blocks of their sizes.
    if setup.device.isCUDA { try Backend.emptyCache() }

    self.instances = instances
    self.classImages = classImages
    self.validation = validation
    self.compared = compared
    self.latents = latents
    self.texts = texts
    let read = try prompts.map(texts.embedding)
    let negative = try texts.embedding(.negative(nil))
    self.prompts = read
    // Zeros are followed by zeros, and the empty text by itself.
    negatives = try read.map {
      try negative.padded(toChunks: $0.embeds.shape[1] / negative.embeds.shape[1], with: negative)
    }
    cacheUse = CacheUse(
      of: (given + others.views).map(latents.file) + all.map(texts.file)
        + sources.classImages.map(\.image.url), below: setup.caches)
  }

  /// The forward pass of the remaining steps with the most pixels, searched for in one epoch; nil if no step
  /// remains.
  func largestPass(_ config: TrainingConfig, from done: Int) -> (step: Int, micro: Int)? {
    let steps = done..<max(done, min(config.steps, done + instances.passesPerEpoch))
    let passes = steps.flatMap { step in
      (0..<config.gradientAccumulation).map { (step: step, micro: $0) }
    }
    return passes.max { pixels($0) < pixels($1) }
  }

  private func pixels(_ pass: (step: Int, micro: Int)) -> Int {
    instances.samples(step: pass.step, micro: pass.micro).reduce(0) {
      $0 + $1.sizes.targetWidth * $1.sizes.targetHeight
    }
  }

  /// Samples for validation: always the same crop and the same caption of each image.
  private static func plain(
    _ sources: [ImageSource], _ config: TrainingConfig
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

extension TrainingConfig {
  /// The sample prompts, read as captions.
  var samplePromptTexts: [TextPrompt] {
    samplePrompts.map { .caption($0, maxTokens: maxCaptionTokens) }
  }
}

extension [ImageSource] {
  /// At most `count` images, evenly spaced.
  fileprivate func evenlyChosen(_ count: Int) -> [ImageSource] {
    let chosen = Swift.min(count, self.count)
    return (0..<chosen).map { self[$0 * self.count / chosen] }
  }
}
