import NN
import Torch

/// The stages of a drawing. Unless `residency` keeps it, a part of a model is freed when the
/// function that needs it returns.
extension StableDiffusionXLPipeline {
  typealias TextPair = (prompt: PromptEmbedding, negative: PromptEmbedding)
  /// The base's request, and the refiner's as a function of the base's latent.
  typealias Request = (base: PictureRequest, refiner: ((Tensor) -> PictureRequest)?)

  /// Prompt and negative prompt, embedded for the base and for the refiner.
  func texts(
    _ series: PictureSeries, _ note: (DrawingNote) -> Void
  ) throws -> (base: TextPair, refiner: TextPair?) {
    (
      try text(series, base, note),
      // The refiner has the same tokens, and the base's notes already report what is cut.
      try refiner.map { try text(series, $0) { _ in } }
    )
  }

  private func text(
    _ series: PictureSeries, _ model: LoadedModel, _ note: (DrawingNote) -> Void
  ) throws -> TextPair {
    let encoder = try model.promptEncoder()
    for (text, isNegative) in [(series.prompt, false), (series.negative ?? "", true)] {
      let read = encoder.tokenizer.encode(text, as: series.reading).encoding
      if let cut = read.truncatedText {
        note(
          .promptCut(
            negative: isNegative, tokens: read.tokenCount, limit: encoder.tokenizer.chunkLength,
            text: cut))
      }
    }
    return try encoder.encode(series.prompt, negative: series.negative, as: series.reading)
  }

  /// The distribution of a start image's latents.
  func encode(_ image: Picture, _ tiling: VAETiling) throws -> DiagonalGaussian {
    try noGrad {
      let vae = try base.encodingVAE()
      let weight = try vae.encoder.convIn.weight.tensor
      let pixels = try image.tensor().to(weight.dtype).to(weight.device)
      let isTiled = tiling.isNeeded(
        width: image.width, height: image.height, vae.configuration, dtype: weight.dtype,
        device: weight.device)
      return try vae.scaled(isTiled ? vae.tiledEncode(pixels) : vae.encode(pixels))
    }
  }

  func request(
    _ series: PictureSeries, _ texts: (base: TextPair, refiner: TextPair?),
    _ posterior: DiagonalGaussian?, seed: UInt64
  ) -> Request {
    func request(_ text: TextPair) -> PictureRequest {
      var request = PictureRequest(
        prompt: text.prompt, negative: text.negative, width: series.width, height: series.height,
        steps: series.steps, guidance: series.guidance, seed: seed)
      request.guidanceRescale = series.guidanceRescale
      request.sizes = series.sizes ?? request.sizes
      request.negativeSizes = series.negativeSizes
      request.aestheticScore = series.aestheticScore
      request.negativeAestheticScore = series.negativeAestheticScore
      return request
    }
    var base = request(texts.base)
    if let posterior, let image = series.image {
      base.start = .encoded(posterior, strength: image.strength)
    }
    guard let text = texts.refiner else { return (base, nil) }
    base.end = series.refinement.split
    var refiner = request(text)
    if refiner.negativeSizes == nil {
      refiner.negativeSizes = refiner.sizes
      refiner.negativeSizes?.cropTop = 0
      refiner.negativeSizes?.cropLeft = 0
    }
    return (
      base,
      { [refiner] latent in
        var request = refiner
        switch series.refinement {
        case .ensemble(let split): request.start = .handedOver(latent, at: split)
        case .over(let strength): request.start = .finished(latent, strength: strength)
        }
        return request
      }
    )
  }

  /// The finished latents, and the error that ended the drawing early if there was one.
  func latents(
    _ requests: [Request],
    _ step: (_ seed: UInt64, _ isRefining: Bool, UnfinishedLatent) throws -> Void
  ) throws -> (latents: [(seed: UInt64, latent: Tensor)], error: (any Error)?) {
    let generators = try requests.map { try Generator(seed: $0.base.seed) }
    let drawn = try sample(
      requests.map(\.base), generators, base, scheduler
    ) { try step($0, false, $1) }
    let refined = zip(requests, drawn.latents).compactMap { request, latent in
      request.refiner.map { $0(latent.latent) }
    }
    guard let refiner, let refinerScheduler, drawn.error == nil else {
      // Without the refiner's steps no latent is finished.
      return refiner == nil ? drawn : ([], drawn.error)
    }
    return try sample(refined, generators, refiner, refinerScheduler) { try step($0, true, $1) }
  }

  private func sample(
    _ requests: [PictureRequest], _ generators: [Generator], _ model: LoadedModel,
    _ scheduler: SchedulerConfiguration, _ step: (_ seed: UInt64, UnfinishedLatent) throws -> Void
  ) throws -> (latents: [(seed: UInt64, latent: Tensor)], error: (any Error)?) {
    let sampler = try model.sampler(scheduler)
    var latents: [(seed: UInt64, latent: Tensor)] = []
    for (request, generator) in zip(requests, generators) {
      do {
        let latent = try sampler.latents(for: request, generator: generator) { _, unfinished in
          try step(request.seed, unfinished)
        }
        latents.append((request.seed, latent))
      } catch {
        return (latents, error)
      }
    }
    return (latents, nil)
  }

  func decode(
    _ latents: [(seed: UInt64, latent: Tensor)], _ series: PictureSeries,
    _ note: @escaping (DrawingNote) -> Void,
    _ receive: (_ seed: UInt64, _ picture: Picture) throws -> Void
  ) throws {
    let decoder = try base.decoder(tiling: series.tiling, note: note)
    for (seed, latent) in latents {
      try receive(seed, decoder.pictures(of: latent)[0])
    }
  }
}
