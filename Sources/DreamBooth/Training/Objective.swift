public import StableDiffusion
public import Torch

/// The loss of a forward pass, float32 scalars.
public struct PassLoss {
  /// What is minimised.
  public let total: Tensor
  /// The parts that it is made of, where there are class images: the mean over the subject's samples
  /// and the one over the class images, not yet weighted.
  public let parts: (instance: Tensor, prior: Tensor)?
}

/// What training minimises: the squared error of the UNet's prediction (Ho et al. 2020, as in
/// DreamBooth, Ruiz et al. 2023), weighted by the mask if there is one, each sample weighted by its
/// timestep if asked for; with class images their mean is added to that of the subject's samples
/// (section 3.3, equation 2).
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

  /// The loss of a pass. The UNet runs in the type of its weights; noise, target and error are
  /// float32 throughout.
  public func loss(of pass: TrainingPass, by unet: UNet2DConditionModel) throws -> PassLoss {
    guard let classImages = pass.classImages else {
      let error = try squaredError(of: pass.instances, by: unet)
      let total =
        try minSNRGamma == nil ? error.mean() : weighted(error, pass.instances.timesteps).mean()
      return PassLoss(total: total, parts: nil)
    }
    let (instances, others) = try sampleLosses(pass.instances, classImages, by: unet)
    let instance = try instances.mean()
    let prior = try others.mean()
    return PassLoss(total: try instance + prior * priorWeight, parts: (instance, prior))
  }

  /// The squared error of each predicted value, `[B, C, h, w]`, weighted by the mask.
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
    let error = try (prediction.to(.float32) - target).square()
    return try batch.weights.map { try error * $0 } ?? error
  }

  /// The losses of the subject's samples and of the class images, `[B]` each, from one forward pass
  /// where their sizes allow it.
  private func sampleLosses(
    _ instances: TrainingBatch, _ classImages: TrainingBatch, by unet: UNet2DConditionModel
  ) throws -> (instances: Tensor, classImages: Tensor) {
    guard let both = try instances.joined(with: classImages) else {
      return (
        try weighted(squaredError(of: instances, by: unet), instances.timesteps),
        try weighted(squaredError(of: classImages, by: unet), classImages.timesteps)
      )
    }
    let losses = try weighted(squaredError(of: both, by: unet), both.timesteps)
    return (
      try losses.narrow(dim: 0, start: 0, length: instances.count),
      try losses.narrow(dim: 0, start: instances.count, length: classImages.count)
    )
  }

  /// The mean error of each sample, weighted by its timestep, `[B]`.
  private func weighted(_ error: Tensor, _ timesteps: [Int]) throws -> Tensor {
    let means = try error.mean(dims: [1, 2, 3])  // [B]
    guard let minSNRGamma else { return means }
    let weights = timesteps.map { schedule.minSNRWeight($0, gamma: Float(minSNRGamma)) }
    return try means * Tensor(weights, shape: [weights.count]).to(error.device)
  }
}
