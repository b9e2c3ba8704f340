import Datasets
import StableDiffusion
import Torch

/// Makes training batches from the caches, on the CPU. Every random number is a pure function of
/// seed, step, sample and purpose, so a batch is the same whenever it is made.
struct BatchSource {
  private let data: PreparedData
  private let config: TrainingConfig
  private let timesteps: Int
  private let scale: (Tensor) throws -> Tensor

  /// - Parameters:
  ///   - timesteps: The number of timesteps of the noise schedule.
  ///   - scale: Shifts and scales latents for the UNet (``AutoencoderKL/scaled(_:)``).
  init(
    _ data: PreparedData, config: TrainingConfig, timesteps: Int,
    scale: @escaping (Tensor) throws -> Tensor
  ) {
    self.data = data
    self.config = config
    self.timesteps = timesteps
    self.scale = scale
  }

  /// The samples of forward pass `micro` of optimizer step `step`, both from 0.
  func pass(step: Int, micro: Int) throws -> TrainingPass {
    let instances = data.instances.samples(step: step, micro: micro)
    let classImages = data.classImages?.samples(step: step, micro: micro) ?? []
    let texts = try TextBatch(
      (instances + classImages).map { try data.texts.embedding($0.text) },
      filling: { try data.texts.embedding(.positive("")) })
    return TrainingPass(
      try batch(instances, step: step, texts: texts.embeddings[..<instances.count]),
      classImages: classImages.isEmpty
        ? nil : try batch(classImages, step: step, texts: texts.embeddings[instances.count...]))
  }

  private func batch(
    _ samples: [SampleDeck.Sample], step: Int, texts: ArraySlice<PromptEmbedding>
  ) throws -> TrainingBatch {
    func draw(_ sample: Int, _ purpose: CounterRandom.Purpose, like tensor: Tensor) throws -> Tensor
    {
      let seed = CounterRandom.value(
        seed: config.seed, step: step, sample: sample, purpose: purpose)
      return try Generator(seed: seed).normal(tensor.shape)
    }
    let images = try samples.map { try data.latents.latents(of: $0.view) }
    let latents = try zip(samples, images).map { sample, image in
      let posterior = image.posterior
      return try scale(
        config.latents == .mean
          ? posterior.mean
          : posterior.sample(noise: draw(sample.number, .latent, like: posterior.mean)))
    }
    let noise = try zip(latents, samples).map { try draw($1.number, .noise, like: $0) }
    return TrainingBatch(
      latents: try .cat(latents, dim: 0), noise: try .cat(noise, dim: 0),
      timesteps: samples.map { sample in
        CounterRandom.index(
          below: timesteps, seed: config.seed, step: step, sample: sample.number,
          purpose: .timestep)
      },
      embeds: try .cat(texts.map(\.embeds), dim: 0),
      pooled: try .cat(texts.map(\.pooled), dim: 0),
      timeIds: try Tensor(samples.flatMap(\.sizes.timeIds), shape: [samples.count, 6]),
      weights: try LossWeights.batch(images, floor: config.maskFloor),
      files: samples.map(\.file))
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
