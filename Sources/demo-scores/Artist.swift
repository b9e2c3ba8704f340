import DreamBooth
import Images
import NN
import StableDiffusion
import Torch

/// Draws the same prompts and seeds with the base model and with an adapter on it, loading the model
/// once.
struct Artist {
  private let model: ModelDirectory
  private let steps: Int
  private let guidance: Double

  /// Throws errors of the model's configuration.
  init(model: ModelDirectory, steps: Int, guidance: Double) {
    self.model = model
    self.steps = steps
    self.guidance = guidance
  }

  /// A picture for each prompt, the first with `firstSeed`, the next with the next. Throws errors of
  /// the files and `TorchError`.
  func draw(
    _ prompts: [String], firstSeed: UInt64, adapter: AdapterFile
  ) throws -> (base: [RGBImage], adapter: [RGBImage]) {
    let requests = try requests(prompts, firstSeed: firstSeed)
    let unet = try model.loadUNet()
    let adapters = try adapter.adapters(for: AdaptableLayers(model), strength: 1, device: .cpu)
    let sampler = LatentSampler(unet: unet, scheduler: model.scheduler, scale: model.vae.scale)
    let base = try requests.map { try sampler.latents(for: $0) }
    try adapters.attach(to: unet, as: .unet)
    let adapted = try requests.map { try sampler.latents(for: $0) }
    let decoder = LatentDecoder(vae: try model.loadVAE())
    func images(_ latents: [Tensor]) throws -> [RGBImage] {
      try decoder.pictures(of: .cat(latents, dim: 0)).map {
        try RGBImage(width: $0.width, height: $0.height, pixels: $0.pixels)
      }
    }
    return (try images(base), try images(adapted))
  }

  private func requests(_ prompts: [String], firstSeed: UInt64) throws -> [PictureRequest] {
    let encoder = try model.loadPromptEncoder()
    let negative = try encoder.encodeNegative(nil)
    let distinct = Array(Set(prompts))
    let embeddings = try Dictionary(
      uniqueKeysWithValues: distinct.map { ($0, try encoder.encode([$0])) })
    let side = (model.unet.sampleSize ?? 128) * model.vae.scale
    return prompts.enumerated().compactMap { index, prompt in
      embeddings[prompt].map {
        PictureRequest(
          prompt: $0, negative: negative, width: side, height: side, steps: steps,
          guidance: guidance, seed: firstSeed + UInt64(index))
      }
    }
  }
}
