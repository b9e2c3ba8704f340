import NN
public import Torch

/// Draws latents with the UNet of a base or a refiner that is in memory, with or without adapters.
public struct LatentSampler {
  private let unet: UNet2DConditionModel
  private let configuration: SchedulerConfiguration
  private let scale: Int
  /// The predictions that are repeated; nil to run every one.
  let recorded: RecordedPredictions?

  /// - Parameters:
  ///   - scheduler: the sampler, and the noise schedule that the UNet was trained with.
  ///   - scale: pixels for each latent pixel, along one side.
  public init(unet: UNet2DConditionModel, scheduler: SchedulerConfiguration, scale: Int) {
    self.init(unet: unet, scheduler: scheduler, scale: scale, recordsPredictions: false)
  }

  /// - Parameter recordsPredictions: whether predictions are recorded and repeated, which is faster on a
  ///   GPU. All weights must have a place on it.
  init(
    unet: UNet2DConditionModel, scheduler: SchedulerConfiguration, scale: Int,
    recordsPredictions: Bool
  ) {
    self.unet = unet
    configuration = scheduler
    self.scale = scale
    recorded = recordsPredictions ? RecordedPredictions(of: unet) : nil
  }

  /// The latent of a picture, `[1, C, height / scale, width / scale]`, in the UNet's type.
  ///
  /// - Parameters:
  ///   - generator: the source of all noise, in the state in which the model before left it; nil
  ///     for a new one with the request's seed.
  ///   - progress: called after each step with the number of finished steps; what it throws ends
  ///     the drawing.
  /// - Throws: `DrawingError` for a size that the model cannot draw, for a strength or split that
  ///   leaves no step, and for a latent that is not finite; `SchedulerError`; `TorchError`.
  public func latents(
    for request: PictureRequest, generator: Generator? = nil,
    progress: (_ step: Int) throws -> Void = { _ in }
  ) throws -> Tensor {
    try latents(for: request, generator: generator) { step, _ in try progress(step) }
  }

  /// The same with the unfinished latent after each step.
  func latents(
    for request: PictureRequest, generator: Generator?,
    progress: (_ step: Int, UnfinishedLatent) throws -> Void
  ) throws -> Tensor {
    try noGrad {
      var scheduler = try configuration.scheduler(steps: request.steps)
      let window = SamplingWindow(start: request.start.window, end: request.end)
      let range = try window.range(
        of: scheduler, steps: request.steps, trainTimesteps: configuration.numTrainTimesteps)
      let generator = try generator ?? Generator(seed: request.seed)
      let guidance = Guidance(scale: request.guidance, rescale: request.guidanceRescale)
      let conditioning = try conditioning(request)
      var latents = try start(request, scheduler, at: range.lowerBound, generator)
      for index in range {
        let input = try scheduler.scaleModelInput(latents, at: index)
        let prediction = try predict(input, scheduler.timesteps[index], conditioning, guidance)
        let unfinished = UnfinishedLatent(
          sample: latents, prediction: prediction, scales: scheduler.scales(at: index),
          predictionType: configuration.predictionType)
        latents = try scheduler.step(
          prediction, at: index, sample: latents, generator: generator)
        let isLast = index == range.upperBound - 1
        if isLast || (index + 1).isMultiple(of: scheduler.order) {
          try progress(scheduler.steps(in: range.lowerBound..<index + 1), unfinished)
        }
      }
      guard try latents.isFinite() else {
        throw DrawingError.latentNotFinite(seed: request.seed, dtype: latents.dtype)
      }
      return latents
    }
  }

  /// The input of the first step. Noise is drawn in float32 on the CPU and then cast, so that it is
  /// the same for every type and device.
  private func start(
    _ request: PictureRequest, _ scheduler: any Scheduler, at index: Int, _ generator: Generator
  ) throws -> Tensor {
    let (width, height) = (request.width, request.height)
    try DrawingError.checkSize(width: width, height: height, multiple: scale)
    let shape = [1, unet.configuration.inChannels, height / scale, width / scale]
    switch request.start {
    case .noise:
      return try placed(generator.normal(shape)) * Double(scheduler.initNoiseSigma)
    case .encoded(let posterior, _):
      // The noise of the posterior is drawn before that of the steps, as in diffusers.
      let noise = try generator.normal(shape).to(posterior.mean.dtype).to(posterior.mean.device)
      let latent = try placed(posterior.sample(noise: noise))
      return try scheduler.addNoise(
        to: latent, noise: placed(generator.normal(shape)), at: index)
    case .finished(let latent, _):
      return try scheduler.addNoise(
        to: placed(latent), noise: placed(generator.normal(shape)), at: index)
    case .handedOver(let latent, _):
      return try placed(latent)
    }
  }

  /// In the type and on the device of the weights.
  private func placed(_ tensor: Tensor) throws -> Tensor {
    let weight = try unet.convIn.weight.tensor
    return try tensor.to(weight.dtype).to(weight.device)
  }

  private func conditioning(_ request: PictureRequest) throws -> SamplingConditioning {
    let positive = (
      text: request.prompt, sizes: request.sizes, score: request.aestheticScore
    )
    let negative = (
      text: request.negative, sizes: request.negativeSizes ?? request.sizes,
      score: request.negativeAestheticScore
    )
    let parts = request.guidance > 1 ? [negative, positive] : [positive]
    let count = unet.configuration.addedNumbers(pooledWidth: request.prompt.pooled.shape[1])
    let timeIds = parts.flatMap { part in
      count == 5 ? part.sizes.timeIds(score: part.score) : part.sizes.timeIds
    }
    let device = try unet.convIn.weight.tensor.device
    return SamplingConditioning(
      prompt: try unet.context(of: .cat(parts.map(\.text.embeds), dim: 0).to(device)),
      added: AddedConditioning(
        textEmbeds: try .cat(parts.map(\.text.pooled), dim: 0).to(device),
        timeIds: try Tensor(timeIds, shape: [parts.count, count]).to(device)))
  }

  /// The guided prediction for `[1, C, H, W]`.
  private func predict(
    _ input: Tensor, _ timestep: Float, _ conditioning: SamplingConditioning,
    _ guidance: Guidance
  ) throws -> Tensor {
    let batch = conditioning.count
    let inputs = try Tensor.cat(Array(repeating: input, count: batch), dim: 0)
    let time = try Tensor([timestep], shape: [1])
    let predictions =
      try recorded?(inputs, timestep: time, conditioning)
      ?? unet(
        inputs, timestep: time.to(input.device), prompt: conditioning.prompt,
        addedConditioning: conditioning.added)
    guard batch == 2 else { return predictions }
    let parts = try predictions.chunk(2, dim: 0)
    return try guidance(negative: parts[0], prompt: parts[1])
  }
}

extension UNetConfiguration {
  /// The count of numbers that condition the UNet besides the text: 6 sizes, or 4 sizes and a
  /// score.
  fileprivate func addedNumbers(pooledWidth: Int) -> Int {
    guard let whole = projectionClassEmbeddingsInputDim, let each = additionTimeEmbedDim else {
      return 6
    }
    return (whole - pooledWidth) / each
  }
}
