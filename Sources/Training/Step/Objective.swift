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
  func detached() throws -> PassLoss { try map { try $0.detach() } }

  /// The same values in memory of their own.
  func copied() throws -> PassLoss { try map { try $0.clone() } }

  private func map(_ change: (Tensor) throws -> Tensor) throws -> PassLoss {
    PassLoss(
      total: try change(total),
      parts: try parts.map { (instance: try change($0.instance), prior: try change($0.prior)) })
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
    try loss(of: place(pass), by: unet)
  }

  /// Copies a pass to the device. Class images of the size of the subject's samples share a forward pass
  /// with them.
  ///
  /// - Parameter lossScale: The factor of the loss in the backward pass.
  func place(_ pass: TrainingPass, lossScale: Double = 1) throws -> PlacedPass {
    func place(_ batch: TrainingBatch, for use: String) throws -> PassInputs {
      try buffers.place(
        batch, for: use, schedule: schedule,
        sampleWeights: minSNRGamma.map { gamma in
          batch.timesteps.map { schedule.minSNRWeight($0, gamma: Float(gamma)) }
        }, lossScale: lossScale)
    }
    guard let classImages = pass.classImages else {
      return PlacedPass(
        samples: try place(pass.instances, for: "instances"), instanceCount: nil, classImages: nil)
    }
    if let both = try pass.instances.joined(with: classImages) {
      return PlacedPass(
        samples: try place(both, for: "instances"), instanceCount: pass.instances.count,
        classImages: nil)
    }
    return PlacedPass(
      samples: try place(pass.instances, for: "instances"), instanceCount: nil,
      classImages: try place(classImages, for: "class images"))
  }

  /// The loss of a pass that is on the device.
  func loss(of pass: PlacedPass, by unet: UNet2DConditionModel) throws -> PassLoss {
    guard let (instances, others) = try sampleLosses(pass, by: unet) else {
      let inputs = pass.samples
      let error = try squaredError(of: inputs, by: unet)
      let total = try inputs.sampleWeights == nil ? error.mean() : weighted(error, inputs).mean()
      return PassLoss(total: total, parts: nil)
    }
    let instance = try instances.mean()
    let prior = try others.mean()
    return PassLoss(total: try instance + prior * priorWeight, parts: (instance, prior))
  }

  /// The squared error of each predicted value, `[B, C, h, w]`, weighted by the mask.
  func squaredError(
    of batch: TrainingBatch, by unet: UNet2DConditionModel
  ) throws -> Tensor {
    try squaredError(of: place(TrainingPass(batch)).samples, by: unet)
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

  /// The losses of the subject's samples and of the class images, `[B]` each; nil without class images.
  private func sampleLosses(
    _ pass: PlacedPass, by unet: UNet2DConditionModel
  ) throws -> (instances: Tensor, classImages: Tensor)? {
    func losses(_ inputs: PassInputs) throws -> Tensor {
      try weighted(squaredError(of: inputs, by: unet), inputs)
    }
    if let classImages = pass.classImages {
      return (try losses(pass.samples), try losses(classImages))
    }
    guard let count = pass.instanceCount else { return nil }
    let all = try losses(pass.samples)
    return (
      try all.narrow(dim: 0, start: 0, length: count),
      try all.narrow(dim: 0, start: count, length: all.shape[0] - count)
    )
  }

  /// The mean error of each sample, weighted by its timestep, `[B]`.
  private func weighted(_ error: Tensor, _ inputs: PassInputs) throws -> Tensor {
    let means = try error.mean(dims: [1, 2, 3])  // [B]
    return try inputs.sampleWeights.map { try means * $0 } ?? means
  }
}
