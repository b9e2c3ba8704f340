public import StableDiffusion
public import Torch

/// The loss of a forward pass, float32 scalars.
public struct PassLoss {
  /// The loss to minimise.
  public let total: Tensor
  /// The parts of the loss with class images: the mean over the subject's samples, and the mean
  /// over the class images before weighting. nil without class images.
  public let parts: (instance: Tensor, prior: Tensor)?

  /// The same values without their graph.
  func detached() throws -> PassLoss {
    PassLoss(
      total: try total.detach(),
      parts: try parts.map { (instance: try $0.instance.detach(), prior: try $0.prior.detach()) })
  }
}

/// The training objective: the squared error of the UNet's prediction (Ho et al. 2020). It is
/// weighted by the mask, if any, and with min-SNR weighting by the timestep of each sample. With
/// class images, their weighted mean is added to the mean of the subject's samples (DreamBooth,
/// Ruiz et al. 2023, section 3.3, equation 2).
public struct Objective {
  private let schedule: NoiseSchedule
  private let minSNRGamma: Double?
  private let priorWeight: Double
  private let buffers: InputBuffers

  /// - Parameters:
  ///   - minSNRGamma: Gamma of min-SNR weighting (Hang et al. 2023); nil for equal weights.
  ///   - priorWeight: Weight of the class images' loss.
  ///   - device: The UNet's device.
  public init(
    schedule: NoiseSchedule, minSNRGamma: Double?, priorWeight: Double = 1, device: Device = .cpu
  ) {
    buffers = InputBuffers(on: device)
    self.schedule = schedule
    self.minSNRGamma = minSNRGamma
    self.priorWeight = priorWeight
  }

  /// The loss of a pass. The UNet runs in the type of its weights; noise, target and error are
  /// float32 throughout.
  public func loss(of pass: TrainingPass, by unet: UNet2DConditionModel) throws -> PassLoss {
    guard let classImages = pass.classImages else {
      let inputs = try place(pass.instances)
      let error = try squaredError(of: inputs, by: unet)
      let total = try inputs.sampleWeights == nil ? error.mean() : weighted(error, inputs).mean()
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
    try squaredError(of: place(batch), by: unet)
  }

  private func squaredError(
    of inputs: PassInputs, by unet: UNet2DConditionModel
  ) throws -> Tensor {
    let noisy = try schedule.addNoise(
      to: inputs.latents, noise: inputs.noise, scales: inputs.scales)
    let prediction = try unet(
      noisy, timestep: inputs.timesteps, encoderHiddenStates: inputs.embeds,
      addedConditioning: AddedConditioning(textEmbeds: inputs.pooled, timeIds: inputs.timeIds))
    let target = try schedule.target(
      of: inputs.latents, noise: inputs.noise, scales: inputs.scales)
    let error = try (prediction.to(.float32) - target).square()
    return try inputs.weights.map { try error * $0 } ?? error
  }

  /// The losses of the subject's samples and of the class images, `[B]` each. If all have the same
  /// size, they share a forward pass.
  private func sampleLosses(
    _ instances: TrainingBatch, _ classImages: TrainingBatch, by unet: UNet2DConditionModel
  ) throws -> (instances: Tensor, classImages: Tensor) {
    func losses(_ batch: TrainingBatch, for use: String) throws -> Tensor {
      let inputs = try place(batch, for: use)
      return try weighted(squaredError(of: inputs, by: unet), inputs)
    }
    guard let both = try instances.joined(with: classImages) else {
      return (
        try losses(instances, for: "instances"), try losses(classImages, for: "class images")
      )
    }
    let all = try losses(both, for: "instances")
    return (
      try all.narrow(dim: 0, start: 0, length: instances.count),
      try all.narrow(dim: 0, start: instances.count, length: classImages.count)
    )
  }

  private func place(_ batch: TrainingBatch, for use: String = "instances") throws -> PassInputs {
    try buffers.place(
      batch, for: use, schedule: schedule,
      sampleWeights: minSNRGamma.map { gamma in
        batch.timesteps.map { schedule.minSNRWeight($0, gamma: Float(gamma)) }
      })
  }

  /// The mean error of each sample, weighted by its timestep, `[B]`.
  private func weighted(_ error: Tensor, _ inputs: PassInputs) throws -> Tensor {
    let means = try error.mean(dims: [1, 2, 3])  // [B]
    return try inputs.sampleWeights.map { try means * $0 } ?? means
  }
}
