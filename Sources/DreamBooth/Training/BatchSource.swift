import StableDiffusion
import Torch

/// Draws training batches. Every draw is a pure function of (seed, step, sample, purpose), so a batch
/// is the same whenever and in whatever process it is made.
struct BatchSource {
  private let data: PreparedData
  private let config: TrainingConfig
  private let order: SampleOrder
  private let classOrder: SampleOrder?
  private let timesteps: Int
  private let device: Device
  private let scale: (Tensor) throws -> Tensor

  /// - Parameters:
  ///   - timesteps: how many the noise schedule has.
  ///   - scale: brings latents to the size that the UNet sees.
  init(
    _ data: PreparedData, config: TrainingConfig, timesteps: Int, device: Device,
    scale: @escaping (Tensor) throws -> Tensor
  ) {
    self.data = data
    self.config = config
    self.timesteps = timesteps
    self.device = device
    self.scale = scale
    order = SampleOrder(
      count: data.samples.count, batchSize: config.batchSize,
      gradientAccumulation: config.gradientAccumulation, seed: config.seed)
    classOrder =
      data.classSamples.isEmpty
      ? nil
      : SampleOrder(
        count: data.classSamples.count, batchSize: config.priorBatchSize,
        gradientAccumulation: config.gradientAccumulation, seed: config.seed,
        purpose: .classOrder)
  }

  /// The batch of a forward pass, number `micro` of optimizer step `step`, both from 0.
  func batch(step: Int, micro: Int) throws -> TrainingBatch {
    let instances = order.indices(step: step, micro: micro).map { data.samples[$0] }
    let others = (classOrder?.indices(step: step, micro: micro) ?? []).map {
      data.classSamples[$0]
    }
    let samples = instances + others
    // Class images count down from -1: they change nothing about what is drawn for the subject's.
    let numbers =
      instances.indices.map { micro * config.batchSize + $0 }
      + others.indices.map { -1 - (micro * config.priorBatchSize + $0) }
    func draw(_ sample: Int, _ purpose: CounterRandom.Purpose, like tensor: Tensor) throws -> Tensor
    {
      let seed = CounterRandom.value(
        seed: config.seed, step: step, sample: sample, purpose: purpose)
      return try Generator(seed: seed).normal(tensor.shape)
    }
    let latents = try zip(samples, numbers).map { sample, number in
      let posterior = sample.posterior
      return try scale(posterior.sample(noise: draw(number, .latent, like: posterior.mean)))
    }
    let noise = try zip(latents, numbers).map { try draw($1, .noise, like: $0) }
    return TrainingBatch(
      latents: try .cat(latents, dim: 0).to(device), noise: try .cat(noise, dim: 0).to(device),
      timesteps: numbers.map { number in
        CounterRandom.index(
          below: timesteps, seed: config.seed, step: step, sample: number, purpose: .timestep)
      },
      embeds: try .cat(samples.map(\.text.embeds), dim: 0).to(device),
      pooled: try .cat(samples.map(\.text.pooled), dim: 0).to(device),
      timeIds: try Tensor(samples.flatMap(\.sizes.timeIds), shape: [samples.count, 6]).to(device),
      files: samples.map(\.file), classCount: others.count)
  }
}
