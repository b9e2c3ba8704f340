package import Adapters
package import Files
package import Foundation
package import StableDiffusion
package import Torch

/// What images are drawn with, known by its content: models, adapters, a device.
package struct DrawingTools {
  package let model: ModelDirectory
  package let refiner: ModelDirectory?
  package let device: Device
  package let precision: Precision
  /// What images record of it.
  package let sources: PictureSources

  private let adapters: [AdapterChoice]

  /// Takes the hashes of all files. Throws `DrawingRequestError`, `DeviceError`, `ModelError`,
  /// `FileAccessError`.
  ///
  /// - Parameters:
  ///   - options: the device, the type, the adapters and what else they are drawn with.
  ///   - own: the base model, with its own VAE.
  ///   - name: what images record as the base model.
  ///   - caches: the folder of all caches.
  ///   - program: the version of this program.
  package init(
    _ options: DrawingOptions, model own: ModelDirectory, named name: String,
    refiner: ModelDirectory?, caches: URL, program: String
  ) throws {
    for choice in options.loras where !FileManager.default.fileExists(atPath: choice.path) {
      throw DrawingRequestError.missingAdapter(choice.path)
    }
    model = try options.vae.map { try own.replacingVAE(with: URL(filePath: $0)) } ?? own
    self.refiner = refiner
    adapters = options.loras.map {
      AdapterChoice(path: $0.path, scale: $0.scale * options.strength, name: $0.name)
    }
    device = try options.device.resolve()
    precision = options.precision ?? .standard(on: device)

    let contents = ContentRecords(in: caches)
    var sources = PictureSources(
      model: try contents.record(own, path: name), precision: precision, isOnGPU: device.isCUDA,
      program: program)
    if let path = options.vae { sources.vae = try contents.vae(of: model, path: path) }
    sources.adapters = try adapters.map {
      try contents.adapter(URL(filePath: $0.path), name: $0.name, path: $0.path, scale: $0.scale)
    }
    sources.areAdaptersMerged = options.mergeAdapters ?? (precision.dtype == .float32)
    if let refiner, let path = options.refiner {
      sources.refiner = try contents.record(refiner, path: path)
    }
    sources.image = try options.image.map { try contents.record(URL(filePath: $0), path: $0) }
    self.sources = sources
    do {
      try contents.save()
    } catch is FileAccessError {
      // Only the next drawing is slower: it hashes the weights again.
    }
  }

  /// What a sampler's name means for the base; nil: the model's own.
  package func scheduler(_ sampler: SchedulerName?) -> SchedulerConfiguration {
    sampler.map(model.scheduler.replacingClass) ?? model.scheduler
  }

  /// The same for the refiner; nil: its own, or none.
  package func refinerScheduler(_ sampler: SchedulerName?) -> SchedulerConfiguration? {
    sampler.flatMap { refiner?.scheduler.replacingClass(with: $0) }
  }

  /// The adapters on the base, those of one layer added up. Throws `AdapterFileError`, `WeightsError`,
  /// `TorchError`.
  ///
  /// - Parameter factor: what their scales are multiplied by.
  package func adapterSet(times factor: Double = 1) throws -> AdapterSet {
    if adapters.isEmpty { return .none }
    let layers = AdaptableLayers(model)
    var set = try AdapterSet.sum(
      adapters.map { choice in
        try AdapterFile(contentsOf: URL(filePath: choice.path))
          .adapters(for: layers, strength: choice.scale * factor, device: device)
      })
    set.isMerged = sources.areAdaptersMerged
    return set
  }

  /// The models, with adapters and a sampler.
  package func pipeline(
    _ sampler: SchedulerName?, adapters: AdapterSet, residency: Residency = .oneAtATime
  ) -> StableDiffusionXLPipeline {
    StableDiffusionXLPipeline(
      model, refiner: refiner, adapters: adapters, scheduler: scheduler(sampler),
      refinerScheduler: refinerScheduler(sampler),
      dtype: precision.dtype, device: device, residency: residency)
  }

  /// What an image's file records.
  package func record(
    _ series: PictureSeries, seed: UInt64, sampler: SchedulerName?, times factor: Double = 1
  ) -> PictureRecord {
    var sources = sources
    for index in sources.adapters.indices { sources.adapters[index].scale *= factor }
    return PictureRecord(
      series, seed: seed, scheduler: scheduler(sampler), sampler: sampler, sources: sources)
  }
}
