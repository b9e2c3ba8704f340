import NN
public import Torch

/// Draws pictures with an SDXL model, with or without a refiner (Podell et al. 2023; diffusers
/// `StableDiffusionXLPipeline` and `StableDiffusionXLImg2ImgPipeline`). The same seed gives the
/// picture that diffusers gives.
///
/// Nothing is loaded until it is needed. A pipeline that keeps everything in memory draws the next
/// prompt without loading anything; another one holds a single part of the models at a time.
public final class StableDiffusionXLPipeline {
  /// How many latents wait for the next part of the models to be loaded, at most.
  static let largestGroup = 16

  let base: LoadedModel
  let refiner: LoadedModel?
  private(set) var scheduler: SchedulerConfiguration
  private(set) var refinerScheduler: SchedulerConfiguration?
  let residency: Residency

  /// A pipeline that loads from the models what it needs when it is needed.
  ///
  /// - Parameters:
  ///   - refiner: takes part in every drawing, as the drawing says.
  ///   - adapters: what is added to the base's UNet and text encoders; on `device`.
  ///   - scheduler: draws instead of the sampler that the base's files describe.
  ///   - refinerScheduler: the same for the refiner.
  public init(
    _ model: ModelDirectory, refiner: ModelDirectory? = nil, adapters: AdapterSet = .none,
    scheduler: SchedulerConfiguration? = nil, refinerScheduler: SchedulerConfiguration? = nil,
    dtype: DType = .float32, device: Device = .cpu, residency: Residency = .oneAtATime
  ) {
    func loaded(_ model: ModelDirectory, _ adapters: AdapterSet) -> LoadedModel {
      LoadedModel(model, adapters: adapters, dtype: dtype, device: device, residency: residency)
    }
    base = loaded(model, adapters)
    self.refiner = refiner.map { loaded($0, .none) }
    self.scheduler = scheduler ?? model.scheduler
    self.refinerScheduler = refiner.map { refinerScheduler ?? $0.scheduler }
    self.residency = residency
  }

  /// Replaces the adapters on the base, for the drawings to come. Throws `TorchError`.
  public func setAdapters(_ adapters: AdapterSet) throws { try base.setAdapters(adapters) }

  /// Sets a factor on the strengths that the adapters were given with, for the images drawn from now
  /// on. No file is read again; merged adapters are merged again. Throws `TorchError`.
  public func setAdapterStrength(_ strength: Double) throws {
    var adapters = base.adapters
    guard adapters.strength != strength else { return }
    adapters.strength = strength
    try base.setAdapters(adapters)
  }

  /// Replaces the samplers, for the drawings to come; nil: those that the models' files describe.
  public func setSchedulers(
    _ scheduler: SchedulerConfiguration?, refiner refinerScheduler: SchedulerConfiguration?
  ) {
    self.scheduler = scheduler ?? base.directory.scheduler
    self.refinerScheduler = refiner.map { refinerScheduler ?? $0.directory.scheduler }
  }

  /// How many parts of the models (text encoders, UNet and VAE of each) are in memory.
  public var partsInMemory: Int { base.partsInMemory + (refiner?.partsInMemory ?? 0) }

  /// Draws a picture for each seed and hands them to `receive` in the order of the seeds. A picture
  /// depends on its seed and not on the others.
  ///
  /// `progress` is called after each step, and what it or `receive` throws ends the drawing; pictures
  /// that only have to be decoded then are handed over first. `note` is told of what is done
  /// otherwise than asked. Throws `SchedulerError` and `DrawingError` before anything is loaded where
  /// the models cannot draw in these steps or this size; `DrawingError` for values that are not
  /// finite; and errors of the files.
  public func draw(
    _ series: PictureSeries, progress: (DrawingStep) throws -> Void = { _ in },
    note: @escaping (DrawingNote) -> Void = { _ in },
    receive: (_ seed: UInt64, _ picture: Picture) throws -> Void
  ) throws {
    var told: [DrawingNote] = []
    let note = { (new: DrawingNote) in
      if told.contains(new) { return }
      told.append(new)
      note(new)
    }
    var counter = StepCounter(try plan(series), pictures: series.seeds.count)
    let texts = try texts(series, note)
    let posterior = try series.image.map { try encode($0.picture, series.tiling) }
    let size = residency == .everything ? 1 : Self.largestGroup
    for first in stride(from: 0, to: series.seeds.count, by: size) {
      let seeds = Array(series.seeds[first..<min(first + size, series.seeds.count)])
      let requests = seeds.map { request(series, texts, posterior, seed: $0) }
      let drawn = try latents(requests) { seed, isRefining in
        try progress(counter.next(seed, isRefining: isRefining))
      }
      if !drawn.latents.isEmpty { try decode(drawn.latents, series, note, receive) }
      if let error = drawn.error { throw error }
    }
  }
}
