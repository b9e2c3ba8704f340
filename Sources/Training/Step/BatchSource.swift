import Datasets
import Ranks
import StableDiffusion
import Torch

/// Makes training batches from the caches, on the CPU. Every random number is a pure function of
/// seed, step, sample and purpose, so a batch is the same whenever it is made.
struct BatchSource {
  private let data: PreparedData
  private let config: TrainingConfig
  private let timesteps: TimestepSampler
  private let noise: SampleNoise
  private let scale: (Tensor) throws -> Tensor
  private let text: TextTraining?
  private let share: Share

  /// - Parameters:
  ///   - timesteps: The number of timesteps of the noise schedule.
  ///   - share: The part of each pass that this process trains on.
  ///   - text: The trained text encoders; nil: embeddings come from the caches.
  ///   - scale: Shifts and scales latents for the UNet (``AutoencoderKL/scaled(_:)``).
  init(
    _ data: PreparedData, config: TrainingConfig, timesteps: Int, share: Share = .whole,
    text: TextTraining? = nil, scale: @escaping (Tensor) throws -> Tensor
  ) {
    self.data = data
    self.config = config
    self.timesteps = TimestepSampler(config.objective, count: timesteps)
    noise = SampleNoise(config.objective, seed: config.seed)
    self.scale = scale
    self.text = text
    self.share = share
  }

  /// This process' samples of forward pass `micro` of optimizer step `step`, both from 0.
  func pass(step: Int, micro: Int) throws -> TrainingPass {
    let allInstances = data.instances.samples(step: step, micro: micro)
    let allClassImages = data.classImages?.samples(step: step, micro: micro) ?? []
    let allClassTexts = allInstances.compactMap(\.classText)
    let all = allInstances + allClassImages
    // Texts of the whole pass, since all of its embeddings have one length.
    let texts = try embeddings(all.map(\.text) + allClassTexts, step: step)
    let (part, classPart) = (
      share.part(of: allInstances.count), share.part(of: allClassImages.count)
    )
    let instances = Array(allInstances[part.range])
    let classImages = allClassImages[classPart.range]
    let others = texts[allInstances.count...].dropFirst(
      allClassTexts.isEmpty ? classPart.range.lowerBound : part.range.lowerBound)
    let own = try zip(texts[part.range], instances).map { text, sample in
      isDropped(sample, step: step) ? try text.zeros() : text
    }
    var batch = try batch(instances, step: step, texts: own[...])
    if !batch.texts.isEmpty { batch.dropped = instances.map { isDropped($0, step: step) } }
    var pass = TrainingPass(
      batch,
      classImages: classImages.isEmpty
        ? nil
        : try self.batch(
          Array(classImages), step: step, texts: others.prefix(classImages.count)),
      preserved: allClassTexts.isEmpty
        ? nil : try batch.with(texts: others.prefix(instances.count)))
    guard share.size > 1 else { return pass }
    pass.weights = PartWeights(
      instances: part.weight, others: allClassTexts.isEmpty ? classPart.weight : part.weight)
    pass.divided = PassSamples(
      files: all.map(\.file), timesteps: try all.map { try timestep($0, step: step) },
      texts: pass.instances.texts.isEmpty ? [] : all.map(\.text))
    return pass
  }

  private func timestep(_ sample: SampleDeck.Sample, step: Int) throws -> Int {
    try timesteps.timestep(seed: config.seed, step: step, sample: sample.number)
  }

  /// The embeddings of texts in one length. Those that trained text encoders will replace are empty, or
  /// the base model's, of which a part stays.
  private func embeddings(_ texts: [TextPrompt], step: Int) throws -> [PromptEmbedding] {
    var embedding = data.texts.embedding
    if let text {
      if !text.isTrained(inStep: step) {
        embedding = text.embedding
      } else if !text.needsBase {
        let none = PromptEmbedding(embeds: try .zeros([1, 1, 1]), pooled: try .zeros([1, 1]))
        return texts.map { _ in none }
      }
    }
    return try TextBatch(
      texts.map { try embedding($0) }, filling: { try embedding(.positive("")) }
    ).embeddings
  }

  /// Whether a sample has zeros in place of its text.
  private func isDropped(_ sample: SampleDeck.Sample, step: Int) -> Bool {
    CounterRandom.share(
      seed: config.seed, step: step, sample: sample.number, purpose: .conditioningDropout)
      < config.objective.conditioningDropout
  }

  private func batch(
    _ samples: [SampleDeck.Sample], step: Int, texts: ArraySlice<PromptEmbedding>
  ) throws -> TrainingBatch {
    let images = try samples.map { try data.latents.latents(of: $0.view) }
    let latents = try zip(samples, images).map { sample, image in
      let posterior = image.posterior
      guard config.latents != .mean else { return try scale(posterior.mean) }
      let seed = CounterRandom.value(
        seed: config.seed, step: step, sample: sample.number, purpose: .latent)
      return try scale(
        posterior.sample(noise: Generator(seed: seed).normal(posterior.mean.shape)))
    }
    let noise = try zip(latents, samples).map { latents, sample in
      try self.noise(on: latents, step: step, sample: sample.number)
    }
    let inputs = noise.compactMap(\.input)
    var batch = TrainingBatch(
      latents: try .cat(latents, dim: 0), noise: try .cat(noise.map(\.target), dim: 0),
      inputNoise: inputs.isEmpty ? nil : try .cat(inputs, dim: 0),
      timesteps: try samples.map { try timestep($0, step: step) },
      embeds: try .cat(texts.map(\.embeds), dim: 0),
      pooled: try .cat(texts.map(\.pooled), dim: 0),
      timeIds: try Tensor(samples.flatMap(\.sizes.timeIds), shape: [samples.count, 6]),
      weights: try LossWeights.batch(images, floor: config.maskFloor),
      files: samples.map(\.file))
    if text?.isTrained(inStep: step) == true { batch.texts = samples.map(\.text) }
    return batch
  }
}

extension PromptEmbedding {
  /// Zeros in the shapes of this embedding.
  fileprivate func zeros() throws(TorchError) -> PromptEmbedding {
    PromptEmbedding(
      embeds: try .zeros(embeds.shape, dtype: embeds.dtype),
      pooled: try .zeros(pooled.shape, dtype: pooled.dtype))
  }
}

extension TrainingBatch {
  /// The same samples with other texts.
  fileprivate func with(texts: ArraySlice<PromptEmbedding>) throws -> TrainingBatch {
    var batch = self
    batch.embeds = try .cat(texts.map(\.embeds), dim: 0)
    batch.pooled = try .cat(texts.map(\.pooled), dim: 0)
    return batch
  }
}

/// Embeddings of one length: shorter ones are padded with chunks of the empty text.
struct TextBatch {
  let embeddings: [PromptEmbedding]

  /// - Parameter filling: Returns the embedding of the empty text. Called only if it is needed.
  init(_ embeddings: [PromptEmbedding], filling: () throws -> PromptEmbedding) throws {
    let lengths = embeddings.map { $0.embeds.shape[1] }
    guard let shortest = lengths.min(), let longest = lengths.max(), shortest < longest else {
      self.embeddings = embeddings
      return
    }
    let empty = try filling()
    let chunks = longest / empty.embeds.shape[1]
    self.embeddings = try embeddings.map { try $0.padded(toChunks: chunks, with: empty) }
  }
}
