import NN
public import Torch

/// Draws latents with a UNet that is in memory, with or without adapters attached.
public struct LatentSampler {
  private let unet: UNet2DConditionModel
  private let configuration: SchedulerConfiguration
  private let scale: Int

  /// - Parameters:
  ///   - scheduler: the sampler to use, and the noise that the UNet was trained with.
  ///   - scale: pixels of the picture for each latent pixel, along one side.
  public init(unet: UNet2DConditionModel, scheduler: SchedulerConfiguration, scale: Int) {
    self.unet = unet
    configuration = scheduler
    self.scale = scale
  }

  /// The latent of a picture, `[1, C, height / scale, width / scale]`, in the UNet's type.
  ///
  /// `progress` is called after each step with the number done; what it throws ends the drawing.
  /// Throws `DrawingError` for a size that the model does not have and for a latent that is not
  /// finite, `SchedulerError`, and `TorchError`.
  public func latents(
    for request: PictureRequest, progress: (_ step: Int) throws -> Void = { _ in }
  ) throws -> Tensor {
    try noGrad {
      var scheduler = try configuration.scheduler(steps: request.steps)
      let conditioning = try conditioning(request)
      var latents = try noise(request) * Double(scheduler.initNoiseSigma)
      for (index, timestep) in scheduler.timesteps.enumerated() {
        let input = try scheduler.scaleModelInput(latents, at: index)
        let prediction = try predict(input, timestep, conditioning, guidance: request.guidance)
        latents = try scheduler.step(prediction, at: index, sample: latents)
        try progress(index + 1)
      }
      guard try latents.isFinite() else {
        throw DrawingError.latentNotFinite(seed: request.seed, dtype: latents.dtype)
      }
      return latents
    }
  }

  /// Drawn in float32 on the CPU and then cast: the same for every type and device.
  private func noise(_ request: PictureRequest) throws -> Tensor {
    let (width, height) = (request.width, request.height)
    try DrawingError.checkSize(width: width, height: height, multiple: scale)
    let shape = [1, unet.configuration.inChannels, height / scale, width / scale]
    let weight = try unet.convIn.weight.tensor
    return try Generator(seed: request.seed).normal(shape).to(weight.dtype).to(weight.device)
  }

  /// Text and sizes; with guidance the negative prompt comes first, as a batch of 2.
  private func conditioning(_ request: PictureRequest) throws -> Conditioning {
    let parts = request.guidance > 1 ? [request.negative, request.prompt] : [request.prompt]
    let timeIds = parts.flatMap { _ in request.sizes.timeIds }
    let device = try unet.convIn.weight.tensor.device
    return Conditioning(
      embeds: try .cat(parts.map(\.embeds), dim: 0).to(device),
      added: AddedConditioning(
        textEmbeds: try .cat(parts.map(\.pooled), dim: 0).to(device),
        timeIds: try Tensor(timeIds, shape: [parts.count, 6]).to(device)))
  }

  /// The prediction for `[1, C, H, W]`, led from the negative prompt to the prompt.
  private func predict(
    _ input: Tensor, _ timestep: Float, _ conditioning: Conditioning, guidance: Double
  ) throws -> Tensor {
    let batch = conditioning.embeds.shape[0]
    let predictions = try unet(
      .cat(Array(repeating: input, count: batch), dim: 0),
      timestep: Tensor([timestep], shape: [1]).to(input.device),
      encoderHiddenStates: conditioning.embeds, addedConditioning: conditioning.added)
    guard batch == 2 else { return predictions }
    let parts = try predictions.chunk(2, dim: 0)
    return try parts[0] + (parts[1] - parts[0]) * guidance
  }

  private struct Conditioning {
    let embeds: Tensor
    let added: AddedConditioning
  }
}
