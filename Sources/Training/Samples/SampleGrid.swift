import Drawing
import Failpoints
import Foundation
import Images
import Ranks
import StableDiffusion
import Torch

/// Draws the sample grid with the UNet that is being trained: every prompt with every seed, the
/// same at every step, so that grids can be compared. It does not use the random numbers of the
/// training.
struct SampleGrid {
  private let setup: TrainingSetup
  private let data: PreparedData
  private let folder: RunFolder
  private let text: TextTraining?

  /// - Parameter text: The trained text encoders; nil: embeddings come from the caches.
  init(
    _ setup: TrainingSetup, data: PreparedData, folder: RunFolder, text: TextTraining? = nil
  ) {
    self.setup = setup
    self.data = data
    self.folder = folder
    self.text = text
  }

  /// Whether the grid of a step exists. It is written last, after the single pictures.
  func exists(step: Int) -> Bool {
    FileManager.default.fileExists(atPath: folder.sampleGrid(step: step).path)
  }

  /// Draws and writes the single pictures of a step, then its grid, with a row per prompt and a
  /// column per seed. Each rank draws a part of the pictures, and rank 0 writes them. With a `tileSize` the VAE decodes squares of that side. `checkStop` is called after each sampler step. Its error ends the drawing
  /// before anything is written.
  func draw(
    step: Int, unet: UNet2DConditionModel, tileSize: Int?, checkStop: () throws -> Void,
    report: (TrainingEvent) throws -> Void
  ) throws {
    let config = setup.config
    let model = loaded(unet)
    let drawn = try setup.ranks.together {
      let latents = try latents(step, model, checkStop, report)
      return try decode(latents, decoder(of: model, tileSize), checkStop)
    }
    // libtorch keeps the GPU memory of the VAE's freed tensors, and training needs it.
    if setup.device.isCUDA { try Backend.emptyCache() }
    let all = try collected(drawn)
    guard setup.ranks?.isLeader ?? true else { return }
    let columns = config.sampleSeeds.count
    let pictures = stride(from: 0, to: all.count, by: columns).map {
      Array(all[$0..<$0 + columns])
    }
    for (row, prompt) in zip(pictures.indices, config.samplePrompts) {
      for (column, seed) in zip(pictures[row].indices, config.sampleSeeds) {
        try PictureFile.write(
          pictures[row][column], infotext: infotext(prompt, seed, step),
          to: folder.sampleFolder(step: step)
            .appending(path: "prompt-\(row + 1)-seed-\(seed).png"))
      }
    }
    let grid = try ImageGrid.compose(rows: pictures.map { try $0.map { try $0.image } })
    let legend =
      "rows: \(config.samplePrompts.joined(separator: " | "))\ncolumns: seeds "
      + config.sampleSeeds.map(String.init).joined(separator: ", ")
    let url = folder.sampleGrid(step: step)
    try PictureFile.write(grid, text: [("parameters", legend)], to: url)
    try report(.sample(step: step, grid: url))
  }

  /// Draws one sampler step of the first picture and decodes it, to see whether there is memory for both.
  func tryOut(unet: UNet2DConditionModel, tileSize: Int?) throws {
    let model = loaded(unet)
    guard let texts = try texts().first else { return }
    let request = PictureRequest(
      prompt: texts.prompt, negative: texts.negative, width: setup.resolution,
      height: setup.resolution,
      steps: 1, guidance: setup.config.sampleGuidance, seed: 0)
    let latents = try model.sampler(setup.scheduler).latents(for: request) { _ in }
    _ = try decoder(of: model, tileSize).pictures(of: latents)
    if setup.device.isCUDA { try Backend.emptyCache() }
  }

  private func loaded(_ unet: UNet2DConditionModel) -> LoadedModel {
    LoadedModel(
      setup.model, unet: unet, dtype: setup.dtype, device: setup.device,
      recordsPredictions: setup.recordsPasses)
  }

  /// The latents of this rank's pictures, by their numbers. They are computed before the VAE is loaded, to save
  /// memory.
  private func latents(
    _ step: Int, _ model: LoadedModel, _ checkStop: () throws -> Void,
    _ report: (TrainingEvent) throws -> Void
  ) throws -> [(number: Int, latents: Tensor)] {
    let config = setup.config
    let sampler = try model.sampler(setup.scheduler)
    let texts = try texts()
    let columns = config.sampleSeeds.count
    let own = (0..<texts.count * columns).filter(setup.ranks.share.contains)
    return try own.enumerated().map { place, number in
      try report(.sampling(step: step, picture: place + 1, of: own.count))
      let (prompt, negative) = texts[number / columns]
      let request = PictureRequest(
        prompt: prompt, negative: negative, width: setup.resolution,
        height: setup.resolution, steps: config.sampleSteps, guidance: config.sampleGuidance,
        seed: config.sampleSeeds[number % columns])
      let latents = try sampler.latents(for: request) { _ in
        Failpoint.sampling.pass()
        try checkStop()
      }
      return (number, latents)
    }
  }

  /// The pictures of all ranks, in order. Throws `RankError`.
  private func collected(_ drawn: [(number: Int, picture: Picture)]) throws -> [Picture] {
    guard let ranks = setup.ranks else { return drawn.map(\.picture) }
    let own = Dictionary(uniqueKeysWithValues: drawn)
    let side = setup.resolution
    return try (0..<data.prompts.count * setup.config.sampleSeeds.count).map { number in
      let pixels = try ranks.broadcast(
        Data(own[number]?.pixels ?? []), from: ranks.share.owner(of: number))
      return Picture(width: side, height: side, pixels: [UInt8](pixels))
    }
  }

  /// The embeddings of the prompts, each with that of no negative prompt in the same length.
  private func texts() throws -> [(prompt: PromptEmbedding, negative: PromptEmbedding)] {
    guard let text else { return zip(data.prompts, data.negatives).map { ($0, $1) } }
    let negative = try text.embedding(.negative(nil))
    return try setup.config.samplePromptTexts.map {
      let prompt = try text.embedding($0)
      let chunks = prompt.embeds.shape[1] / negative.embeds.shape[1]
      return (prompt, try negative.padded(toChunks: chunks, with: negative))
    }
  }

  private func decode(
    _ latents: [(number: Int, latents: Tensor)], _ decoder: LatentDecoder,
    _ checkStop: () throws -> Void
  ) throws -> [(number: Int, picture: Picture)] {
    try latents.map { number, latents in
      try checkStop()
      return (number, try decoder.pictures(of: latents)[0])
    }
  }

  private func decoder(of model: LoadedModel, _ tileSize: Int?) throws -> LatentDecoder {
    try model.decoder(tiling: tileSize == nil ? .automatic : .always, tileSize: tileSize)
  }

  private func infotext(_ prompt: String, _ seed: UInt64, _ step: Int) -> Infotext {
    let adapter =
      "\(setup.config.subject)@\(step)" + (setup.config.evaluate == .ema ? "-ema" : "")
    var options = DrawingOptions()
    (options.prompt, options.seed) = (prompt, seed)
    (options.steps, options.guidance) = (setup.config.sampleSteps, setup.config.sampleGuidance)
    (options.width, options.height) = (setup.resolution, setup.resolution)
    return Infotext(
      options, sampler: SamplerTitle(setup.scheduler).name,
      model: setup.model.url.lastPathComponent,
      adapters: step == 0 ? [] : [adapter])
  }
}
