public import NN
public import Torch

/// Draws pictures with an SDXL model (Podell et al. 2023; diffusers `StableDiffusionXLPipeline`).
/// The same seed gives the picture that diffusers gives.
///
/// Only one part of the model is in memory at a time: the text encoders, then the UNet for the
/// latents of all pictures, then the VAE.
public struct StableDiffusionXLPipeline {
  private let model: ModelDirectory
  private let adapters: [String: LoRA]
  private let dtype: DType
  private let device: Device

  /// A pipeline that loads from `model` what it needs when it is needed.
  ///
  /// - Parameter adapters: what is added to the UNet's linear layers, by their paths; on `device`.
  public init(
    _ model: ModelDirectory, adapters: [String: LoRA] = [:], dtype: DType = .float32,
    device: Device = .cpu
  ) {
    self.model = model
    self.adapters = adapters
    self.dtype = dtype
    self.device = device
  }

  /// Draws a picture for each seed and hands them to `receive` in the order of the seeds.
  ///
  /// `progress` is called after each step with the number of steps done; what it or `receive` throws
  /// ends the drawing. Throws `SchedulerError` and `DrawingError` before anything is loaded where
  /// the model cannot draw in these steps or this size; `DrawingError` for values that are not
  /// finite; and errors of the files.
  public func draw(
    _ series: PictureSeries, progress: (_ seed: UInt64, _ step: Int) throws -> Void = { _, _ in },
    receive: (_ seed: UInt64, _ picture: Picture) throws -> Void
  ) throws {
    _ = try model.scheduler.scheduler(steps: series.steps)
    try DrawingError.checkSize(
      width: series.width, height: series.height, multiple: model.vae.scale)
    // Each part of the model is freed when its function returns.
    let latents = try latents(requests(series), progress)
    let decoder = LatentDecoder(vae: try model.loadVAE(dtype: dtype, device: device))
    for (seed, latent) in zip(series.seeds, latents) {
      try receive(seed, decoder.pictures(of: latent)[0])
    }
  }

  private func requests(_ series: PictureSeries) throws -> [PictureRequest] {
    let encoder = try model.loadPromptEncoder(dtype: dtype, device: device)
    let prompt = try encoder.encode([series.prompt])
    let negative = try encoder.encodeNegative(series.negative)
    return series.seeds.map { seed in
      PictureRequest(
        prompt: prompt, negative: negative, width: series.width, height: series.height,
        steps: series.steps, guidance: series.guidance, seed: seed)
    }
  }

  private func latents(
    _ requests: [PictureRequest], _ progress: (_ seed: UInt64, _ step: Int) throws -> Void
  ) throws -> [Tensor] {
    let unet = try model.loadUNet(dtype: dtype, device: device)
    unet.setAdapters(adapters)
    let sampler = LatentSampler(unet: unet, scheduler: model.scheduler, scale: model.vae.scale)
    return try requests.map { request in
      try sampler.latents(for: request) { try progress(request.seed, $0) }
    }
  }
}
