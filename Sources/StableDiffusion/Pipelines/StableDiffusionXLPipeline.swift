import NN
public import Torch

/// Draws pictures with an SDXL model, with or without a refiner (Podell et al. 2023; diffusers
/// `StableDiffusionXLPipeline` and `StableDiffusionXLImg2ImgPipeline`). The same seed gives the
/// same picture as in diffusers.
///
/// Parts of the models are loaded when they are needed. ``Residency`` decides whether they stay in
/// memory for the next prompt, or one part is held at a time.
public final class StableDiffusionXLPipeline {
  /// The most latents that are drawn before the next part of the models is loaded.
  static let largestGroup = 16

  let base: LoadedModel
  let refiner: LoadedModel?
  private(set) var scheduler: SchedulerConfiguration
  private(set) var refinerScheduler: SchedulerConfiguration?
  let residency: Residency

  /// A pipeline without any loaded part.
  ///
  /// - Parameters:
  ///   - refiner: takes part in every drawing, as `PictureSeries.refinement` sets.
  ///   - adapters: adapters for the base's UNet and text encoders, on `device`.
  ///   - embeddings: words of prompts that stand for vectors, in both models.
  ///   - scheduler: the base's sampler; nil for that of its files.
  ///   - refinerScheduler: the refiner's sampler; nil for that of its files.
  public init(
    _ model: ModelDirectory, refiner: ModelDirectory? = nil, adapters: AdapterSet = .none,
    embeddings: [TextualInversion] = [], scheduler: SchedulerConfiguration? = nil,
    refinerScheduler: SchedulerConfiguration? = nil,
    dtype: DType = .float32, device: Device = .cpu, residency: Residency = .oneAtATime
  ) {
    func loaded(_ model: ModelDirectory, _ adapters: AdapterSet) -> LoadedModel {
      LoadedModel(
        model, adapters: adapters, embeddings: embeddings, dtype: dtype, device: device,
        residency: residency)
    }
    base = loaded(model, adapters)
    self.refiner = refiner.map { loaded($0, .none) }
    self.scheduler = scheduler ?? model.scheduler
    self.refinerScheduler = refiner.map { refinerScheduler ?? $0.scheduler }
    self.residency = residency
  }

  /// Replaces the adapters of the base for later drawings. Throws `TorchError`.
  public func setAdapters(_ adapters: AdapterSet) throws { try base.setAdapters(adapters) }

  /// Replaces the words that stand for vectors, for later drawings. Throws `TextualInversionError`,
  /// `TorchError`.
  public func setEmbeddings(_ embeddings: [TextualInversion]) throws {
    for model in [base, refiner] { try model?.setEmbeddings(embeddings) }
  }

  /// Sets a factor on the adapters' own strengths for later drawings. No file is read again; merged
  /// adapters are merged again. Throws `TorchError`.
  public func setAdapterStrength(_ strength: Double) throws {
    var adapters = base.adapters
    guard adapters.strength != strength else { return }
    adapters.strength = strength
    try base.setAdapters(adapters)
  }

  /// Replaces the samplers for later drawings; nil for those of the models' files.
  public func setSchedulers(
    _ scheduler: SchedulerConfiguration?, refiner refinerScheduler: SchedulerConfiguration?
  ) {
    self.scheduler = scheduler ?? base.directory.scheduler
    self.refinerScheduler = refiner.map { refinerScheduler ?? $0.directory.scheduler }
  }

  /// The number of parts (text encoders, UNet and VAE of each model) in memory.
  public var partsInMemory: Int { base.partsInMemory + (refiner?.partsInMemory ?? 0) }

  /// Draws a picture for each seed and passes them to `receive` in the order of the seeds. A
  /// picture does not depend on the other seeds.
  ///
  /// `progress` is called after each step. What it or `receive` throws ends the drawing; latents
  /// that are finished by then are decoded and passed to `receive` first. `note` receives every
  /// deviation from the request, once. Throws `SchedulerError` and `DrawingError` before anything
  /// is loaded if the models cannot draw in these steps or this size, `DrawingError` if values are
  /// not finite, and errors of the files.
  ///
  /// - Parameter preview: is called after `progress` with the picture so far.
  public func draw(
    _ series: PictureSeries, progress: (DrawingStep) throws -> Void = { _ in },
    preview: (DrawingStep, UnfinishedPicture) throws -> Void = { _, _ in },
    note: @escaping (DrawingNote) -> Void = { _ in },
    receive: (_ seed: UInt64, _ picture: Picture) throws -> Void
  ) throws {
    var reported: [DrawingNote] = []
    let note = { (new: DrawingNote) in
      if reported.contains(new) { return }
      reported.append(new)
      note(new)
    }
    var counter = StepCounter(try plan(series), pictures: series.seeds.count)
    let texts = try texts(series, note)
    let posterior = try series.image.map { try encode($0.image, series.tiling) }
    let size = residency == .everything ? 1 : Self.largestGroup
    for first in stride(from: 0, to: series.seeds.count, by: size) {
      let seeds = Array(series.seeds[first..<min(first + size, series.seeds.count)])
      let requests = seeds.map { request(series, texts, posterior, seed: $0) }
      let drawn = try latents(requests) { seed, isRefining, latent in
        let step = counter.next(seed, isRefining: isRefining)
        try progress(step)
        try preview(step, UnfinishedPicture(latent: latent, model: base))
      }
      if !drawn.latents.isEmpty { try decode(drawn.latents, series, note, receive) }
      if let error = drawn.error { throw error }
    }
  }
}
