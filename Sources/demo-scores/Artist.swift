import Adapters
import Images
import NN
import StableDiffusion
import Torch

/// Draws the same prompts and seeds with the base model and with an adapter on it, loading the
/// model once.
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

  /// A picture for each prompt. The first has the seed `firstSeed`, and each later one adds 1.
  /// Without `drawsBase` there are none of the base. Drawing with the adapter ends after a picture
  /// for which `goesOn` is false. Throws errors of the files and `TorchError`.
  func draw(
    _ prompts: [String], firstSeed: UInt64, adapter: AdapterFile, drawsBase: Bool,
    while goesOn: (RGBImage) throws -> Bool
  ) throws -> (base: [RGBImage]?, adapter: [RGBImage]) {
    let loaded = LoadedModel(model)
    let requests = try requests(prompts, firstSeed: firstSeed, loaded)
    let adapters = try adapter.adapters(for: AdaptableLayers(model), strength: 1, device: .cpu)
    let sampler = try loaded.sampler()
    let base = drawsBase ? try requests.map { try sampler.latents(for: $0) } : nil
    try loaded.setAdapters(adapters)
    let decoder = try loaded.decoder()
    func pictures(_ latents: [Tensor]) throws -> [RGBImage] {
      try decoder.pictures(of: .cat(latents, dim: 0)).map {
        try RGBImage(width: $0.width, height: $0.height, pixels: $0.pixels)
      }
    }
    var adapted: [RGBImage] = []
    for request in requests {
      adapted += try pictures([sampler.latents(for: request)])
      guard try adapted.last.map(goesOn) ?? true else { break }
    }
    return (try base.map(pictures), adapted)
  }

  /// Encodes the prompts. The text encoders are freed when this returns.
  private func requests(
    _ prompts: [String], firstSeed: UInt64, _ loaded: LoadedModel
  ) throws -> [PictureRequest] {
    let encoder = try loaded.promptEncoder()
    let negative = try encoder.encodeNegative(nil)
    let distinct = Array(Set(prompts))
    let embeddings = try Dictionary(
      uniqueKeysWithValues: distinct.map { ($0, try encoder.encode([$0])) })
    let side = model.resolution
    return prompts.enumerated().compactMap { index, prompt in
      embeddings[prompt].map {
        PictureRequest(
          prompt: $0, negative: negative, width: side, height: side, steps: steps,
          guidance: guidance, seed: firstSeed + UInt64(index))
      }
    }
  }
}
