/// Draws pictures from prompt embeddings with a UNet and a VAE that are in memory (Podell et al.
/// 2023; diffusers `StableDiffusionXLPipeline`). The same seed gives the picture that diffusers
/// gives.
public struct StableDiffusionXLPipeline {
  private let sampler: LatentSampler
  private let decoder: LatentDecoder

  /// A pipeline over models that stay the caller's.
  public init(
    unet: UNet2DConditionModel, vae: AutoencoderKL, scheduler: SchedulerConfiguration
  ) {
    sampler = LatentSampler(unet: unet, scheduler: scheduler, scale: vae.configuration.scale)
    decoder = LatentDecoder(vae: vae)
  }

  /// Draws one picture; `progress` as in `LatentSampler.latents`.
  public func draw(
    _ request: PictureRequest, progress: (_ step: Int) throws -> Void = { _ in }
  ) throws -> Picture {
    try decoder.pictures(of: sampler.latents(for: request, progress: progress))[0]
  }
}
