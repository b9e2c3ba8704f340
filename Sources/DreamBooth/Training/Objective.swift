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
  /// How many of the samples, the last ones, are class images.
  public var classCount: Int

  /// A batch of `B` samples.
  public init(
    latents: Tensor, noise: Tensor, timesteps: [Int], embeds: Tensor, pooled: Tensor,
    timeIds: Tensor, files: [String], classCount: Int = 0
  ) {
    self.latents = latents
    self.noise = noise
    self.timesteps = timesteps
    self.embeds = embeds
    self.pooled = pooled
    self.timeIds = timeIds
    self.files = files
    self.classCount = classCount
  }
}

/// The loss of a batch, float32 scalars.
public struct BatchLoss {
  /// What is minimised.
  public let total: Tensor
  /// The parts that it is made of, where there are class images: the mean over the subject's samples
  /// and the one over the class images, not yet weighted.
  public let parts: (instance: Tensor, prior: Tensor)?
}

/// What training minimises: the squared error of the UNet's prediction (Ho et al. 2020, as in
/// DreamBooth, Ruiz et al. 2023), each sample weighted by its timestep if asked for; with class images
/// their mean is added to that of the subject's samples (section 3.3, equation 2).
public struct Objective {
  private let schedule: NoiseSchedule
  private let minSNRGamma: Double?
  private let priorWeight: Double

  /// - Parameters:
  ///   - minSNRGamma: gamma of the min-SNR weighting (Hang et al. 2023); nil weighs all alike.
  ///   - priorWeight: what the class images' loss is multiplied with.
  public init(schedule: NoiseSchedule, minSNRGamma: Double?, priorWeight: Double = 1) {
    self.schedule = schedule
    self.minSNRGamma = minSNRGamma
    self.priorWeight = priorWeight
  }

  /// The loss of a batch. The UNet runs in the type of its weights; noise, target and error are
  /// float32 throughout.
  public func loss(of batch: TrainingBatch, by unet: UNet2DConditionModel) throws -> BatchLoss {
    let error = try squaredError(of: batch, by: unet)
    guard batch.classCount > 0 else {
      let total =
        try minSNRGamma == nil ? error.mean() : weighted(error, batch.timesteps).mean()
      return BatchLoss(total: total, parts: nil)
    }
    let losses = try weighted(error, batch.timesteps)  // [B]
    let count = batch.files.count - batch.classCount
    let instance = try losses.narrow(dim: 0, start: 0, length: count).mean()
    let prior = try losses.narrow(dim: 0, start: count, length: batch.classCount).mean()
    return BatchLoss(total: try instance + prior * priorWeight, parts: (instance, prior))
  }

  /// The squared error of each predicted value, `[B, C, h, w]`.
  func squaredError(
    of batch: TrainingBatch, by unet: UNet2DConditionModel
  ) throws -> Tensor {
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
    return try (prediction.to(.float32) - target).square()
  }

  /// The mean error of each sample, weighted by its timestep, `[B]`.
  private func weighted(_ error: Tensor, _ timesteps: [Int]) throws -> Tensor {
    let means = try error.mean(dims: [1, 2, 3])  // [B]
    guard let minSNRGamma else { return means }
    let weights = timesteps.map { schedule.minSNRWeight($0, gamma: Float(minSNRGamma)) }
    return try means * Tensor(weights, shape: [weights.count]).to(error.device)
  }
}
