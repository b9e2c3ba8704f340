public import StableDiffusion
public import Torch

/// One forward pass's worth of samples, everything drawn already.
public struct TrainingBatch {
  /// Scaled latents `[B, C, h, w]`, float32.
  public var latents: Tensor
  /// Standard normal noise of the same shape, float32.
  public var noise: Tensor
  /// A timestep for each sample.
  public var timesteps: [Int]
  /// Text `[B, 77, C]`.
  public var embeds: Tensor
  /// Pooled text `[B, P]`.
  public var pooled: Tensor
  /// `add_time_ids` `[B, 6]`, float32.
  public var timeIds: Tensor
  /// The file of each sample, for messages.
  public var files: [String]

  /// A batch of `B` samples.
  public init(
    latents: Tensor, noise: Tensor, timesteps: [Int], embeds: Tensor, pooled: Tensor,
    timeIds: Tensor, files: [String]
  ) {
    self.latents = latents
    self.noise = noise
    self.timesteps = timesteps
    self.embeds = embeds
    self.pooled = pooled
    self.timeIds = timeIds
    self.files = files
  }
}

/// What training minimises: the squared error of the UNet's prediction (Ho et al. 2020, as in
/// DreamBooth, Ruiz et al. 2023), each sample weighted by its timestep if asked for.
public struct Objective {
  private let schedule: NoiseSchedule
  private let minSNRGamma: Double?

  /// - Parameters:
  ///   - minSNRGamma: gamma of the min-SNR weighting (Hang et al. 2023); nil weighs all alike.
  public init(schedule: NoiseSchedule, minSNRGamma: Double?) {
    self.schedule = schedule
    self.minSNRGamma = minSNRGamma
  }

  /// The loss of a batch, a float32 scalar. The UNet runs in the type of its weights; noise, target
  /// and error are float32 throughout.
  public func loss(of batch: TrainingBatch, by unet: UNet2DConditionModel) throws -> Tensor {
    let device = batch.latents.device
    let noisy = try schedule.addNoise(
      to: batch.latents, noise: batch.noise, timesteps: batch.timesteps)
    let prediction = try unet(
      noisy,
      timestep: Tensor(batch.timesteps.map(Float.init), shape: [batch.timesteps.count]).to(device),
      encoderHiddenStates: batch.embeds,
      addedConditioning: AddedConditioning(textEmbeds: batch.pooled, timeIds: batch.timeIds))
    let target = try schedule.target(
      of: batch.latents, noise: batch.noise, timesteps: batch.timesteps)
    let error = try (prediction.to(.float32) - target).square()
    guard let minSNRGamma else { return try error.mean() }
    let weights = batch.timesteps.map { schedule.minSNRWeight($0, gamma: Float(minSNRGamma)) }
    let weighted = try error.mean(dims: [1, 2, 3])  // [B]
    return try (weighted * Tensor(weights, shape: [weights.count]).to(device)).mean()
  }
}
