import NN
public import StableDiffusion
public import Torch

/// The loss of a forward pass, float32 scalars.
public struct PassLoss {
  /// The loss to minimise.
  public let total: Tensor
  /// The parts of the loss with prior preservation: the mean over the subject's samples, and the mean
  /// over the class before weighting. nil without.
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

/// The training objective: the error of the UNet's prediction, by default its square (Ho et al. 2020). It
/// is weighted by the mask, if any, and by the timestep of each sample. With class images, their weighted
/// mean is added to the mean of the subject's samples (DreamBooth, Ruiz et al. 2023, section 3.3, equation
/// 2). Without them, the squared difference from the base model's prediction for texts of the class can take
/// their place (ai-toolkit `diff_output_preservation`).
public struct Objective {
  private let schedule: NoiseSchedule
  private let loss: LossFunction
  private let weighting: TimestepWeighting
  private let priorWeight: Double
  private let buffers: InputBuffers

  /// The objective of a configuration.
  init(_ config: TrainingConfig, schedule: NoiseSchedule, device: Device) {
    self.init(
      schedule: schedule, loss: LossFunction(config.objective),
      weighting: TimestepWeighting(config.objective), priorWeight: config.priorWeight,
      device: device)
  }

  /// The squared error.
  ///
  /// - Parameters:
  ///   - minSNRGamma: Gamma of min-SNR weighting (Hang et al. 2023); nil for equal weights.
  ///   - priorWeight: Weight of the class images' loss.
  ///   - device: The UNet's device.
  public init(
    schedule: NoiseSchedule, minSNRGamma: Double?, priorWeight: Double = 1, device: Device = .cpu
  ) {
    self.init(
      schedule: schedule, weighting: minSNRGamma.map { .minSNR(gamma: $0) } ?? .none,
      priorWeight: priorWeight, device: device)
  }

  /// - Parameters:
  ///   - loss: The error of each predicted value.
  ///   - weighting: The weights of the timesteps.
  init(
    schedule: NoiseSchedule, loss: LossFunction = .l2, weighting: TimestepWeighting,
    priorWeight: Double = 1, device: Device = .cpu
  ) {
    buffers = InputBuffers(on: device)
    self.schedule = schedule
    self.loss = loss
    self.weighting = weighting
    self.priorWeight = priorWeight
  }

  /// The loss of a pass. The UNet runs in the type of its weights; noise, target and error are
  /// float32 throughout.
  public func loss(of pass: TrainingPass, by unet: UNet2DConditionModel) throws -> PassLoss {
    try loss(of: place(pass), by: unet)
  }

  /// Copies a pass to the device. Class images of the size of the subject's samples share a forward pass
  /// with them, and so do the samples with texts of the class.
  ///
  /// - Parameter lossScale: The factor of the loss in the backward pass.
  func place(_ pass: TrainingPass, lossScale: Double = 1) throws -> PlacedPass {
    func place(_ batch: TrainingBatch, for use: String) throws -> PassInputs {
      try buffers.place(
        batch, for: use, schedule: schedule, thresholds: loss.thresholds(batch.timesteps, schedule),
        sampleWeights: weighting.weights(batch.timesteps, schedule), lossScale: lossScale)
    }
    guard let others = pass.preserved ?? pass.classImages else {
      return PlacedPass(
        samples: try place(pass.instances, for: "instances"), weights: pass.weights)
    }
    if let both = try pass.instances.joined(with: others) {
      return PlacedPass(
        samples: try place(both, for: "instances"), instanceCount: pass.instances.count,
        preservesOutput: pass.preserved != nil, weights: pass.weights)
    }
    return PlacedPass(
      samples: try place(pass.instances, for: "instances"),
      classImages: try place(others, for: "class images"), weights: pass.weights)
  }

  /// The loss of a pass that is on the device; if other ranks have a part of the pass, this one's share of the
  /// loss, and the sum over all ranks is the loss.
  func loss(of pass: PlacedPass, by unet: UNet2DConditionModel) throws -> PassLoss {
    guard let (instances, others) = try sampleLosses(pass, by: unet) else {
      let inputs = pass.samples
      let error = try error(of: inputs, by: unet)
      let total = try inputs.sampleWeights == nil ? error.mean() : weighted(error, inputs).mean()
      return PassLoss(total: try total.counting(pass.weights.instances), parts: nil)
    }
    let instance = try instances.mean().counting(pass.weights.instances)
    let prior = try others.mean().counting(pass.weights.others)
    return PassLoss(total: try instance + prior * priorWeight, parts: (instance, prior))
  }

  /// The error of each predicted value, `[B, C, h, w]`, weighted by the mask.
  func error(of batch: TrainingBatch, by unet: UNet2DConditionModel) throws -> Tensor {
    try error(of: place(TrainingPass(batch)).samples, by: unet)
  }

  private func error(of inputs: PassInputs, by unet: UNet2DConditionModel) throws -> Tensor {
    try error(of: prediction(of: noisy(inputs), inputs, by: unet), inputs)
  }

  /// The error of each value of a prediction, weighted by the mask.
  private func error(of prediction: Tensor, _ inputs: PassInputs) throws -> Tensor {
    let target = try schedule.target(
      of: inputs.latents, noise: inputs.noise, scales: inputs.scales)
    let error = try loss(prediction, target, threshold: inputs.thresholds)
    return try inputs.weights.map { try error * $0 } ?? error
  }

  private func noisy(_ inputs: PassInputs) throws -> Tensor {
    try schedule.addNoise(
      to: inputs.latents, noise: inputs.inputNoise ?? inputs.noise, scales: inputs.scales)
  }

  /// The UNet's prediction in float32, for all samples or those from `first` on.
  private func prediction(
    of noisy: Tensor, _ inputs: PassInputs, from first: Int = 0, by unet: UNet2DConditionModel
  ) throws -> Tensor {
    func part(_ tensor: Tensor) throws -> Tensor {
      first == 0
        ? tensor : try tensor.narrow(dim: 0, start: first, length: tensor.shape[0] - first)
    }
    return try unet(
      part(noisy), timestep: part(inputs.timesteps), encoderHiddenStates: part(inputs.embeds),
      addedConditioning: AddedConditioning(
        textEmbeds: part(inputs.pooled), timeIds: part(inputs.timeIds))
    ).to(.float32)
  }

  /// The losses of the subject's samples and of the class, `[B]` each; nil without a part for the class.
  private func sampleLosses(
    _ pass: PlacedPass, by unet: UNet2DConditionModel
  ) throws -> (instances: Tensor, others: Tensor)? {
    if let classImages = pass.classImages {
      func losses(_ inputs: PassInputs) throws -> Tensor {
        try weighted(error(of: inputs, by: unet), inputs)
      }
      return (try losses(pass.samples), try losses(classImages))
    }
    guard let count = pass.instanceCount else { return nil }
    let inputs = pass.samples
    let noisy = try self.noisy(inputs)
    // Before the pass that is trained, whose graph needs most of the memory.
    let kept =
      pass.preservesOutput
      ? try noGrad {
        try unet.withoutAdapters { try self.prediction(of: noisy, inputs, from: count, by: unet) }
      } : nil
    let prediction = try self.prediction(of: noisy, inputs, by: unet)
    let all = try weighted(error(of: prediction, inputs), inputs)
    func others(_ tensor: Tensor) throws -> Tensor {
      try tensor.narrow(dim: 0, start: count, length: tensor.shape[0] - count)
    }
    return (
      try all.narrow(dim: 0, start: 0, length: count),
      try kept.map { try (others(prediction) - $0).square().mean(dims: [1, 2, 3]) } ?? others(all)
    )
  }

  /// The mean error of each sample, weighted by its timestep, `[B]`.
  private func weighted(_ error: Tensor, _ inputs: PassInputs) throws -> Tensor {
    let means = try error.mean(dims: [1, 2, 3])  // [B]
    return try inputs.sampleWeights.map { try means * $0 } ?? means
  }
}

extension Tensor {
  /// A mean as a part of the mean over more samples. 1 changes no bits.
  fileprivate func counting(_ weight: Double) throws(TorchError) -> Tensor {
    weight == 1 ? self : try self * weight
  }
}
