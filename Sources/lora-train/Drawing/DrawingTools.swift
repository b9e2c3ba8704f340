import DreamBooth
import Foundation
import RunLog
import StableDiffusion
import Torch

/// What `generate` draws with, found and known by its content: models, adapters, a device.
struct DrawingTools {
  let model: ModelDirectory
  let refiner: ModelDirectory?
  let device: Device
  let precision: Precision
  /// What pictures record of it.
  let sources: PictureSources

  private let adapters: [AdapterChoice]

  /// Finds what the options name. Throws `NothingFound` and errors of the files.
  init(_ command: GenerateCommand) throws {
    for choice in command.lora where !FileManager.default.fileExists(atPath: choice.path) {
      throw NothingFound("There is no adapter \(choice.path); give --lora a .safetensors file.")
    }
    let run = try command.reference?.run.find(below: command.root).run
    let models = BaseModels(root: command.root)
    let name = try command.model ?? run?.model ?? models.standardName()
    let own = try models.open(name)
    model = try command.vae.map { try own.replacingVAE(with: URL(filePath: $0)) } ?? own
    refiner = try command.refiner.refiner.map { try models.open($0, as: .refiner) }
    adapters = try command.adapters(of: run)
    device = try (DeviceChoice(rawValue: command.device) ?? .auto).resolve()
    precision = command.precision.flatMap(Precision.init) ?? .standard(on: device)

    let contents = ContentRecords(in: command.root.caches)
    var sources = PictureSources(
      model: try contents.record(own, path: name), precision: precision, isOnGPU: device.isCUDA,
      program: Version.current)
    if let path = command.vae { sources.vae = try contents.vae(of: model, path: path) }
    sources.adapters = try adapters.map {
      try contents.adapter(
        URL(filePath: $0.path), name: $0.name, path: $0.path, scale: $0.strength)
    }
    sources.areAdaptersMerged = command.mergeAdapters ?? (precision.dtype == .float32)
    if let refiner, let path = command.refiner.refiner {
      sources.refiner = try contents.record(refiner, path: path)
    }
    sources.image = try command.startImage.image.map {
      try contents.record(URL(filePath: $0), path: $0)
    }
    self.sources = sources
    do {
      try contents.save()
    } catch is FileAccessError {
      // Only the next drawing is slower: it hashes the weights again.
    }
  }

  /// The side of the square that the model was trained for.
  var side: Int { (model.unet.sampleSize ?? 128) * model.vae.scale }

  /// What a sampler's name means for the base; nil: the model's own.
  func scheduler(_ sampler: SchedulerName?) -> SchedulerConfiguration {
    sampler.map(model.scheduler.replacingClass) ?? model.scheduler
  }

  /// The same for the refiner; nil: its own, or none.
  func refinerScheduler(_ sampler: SchedulerName?) -> SchedulerConfiguration? {
    sampler.flatMap { refiner?.scheduler.replacingClass(with: $0) }
  }

  /// The adapters, all of them so many times as strong.
  func adapterSet(times factor: Double = 1) throws -> AdapterSet {
    let scaled = adapters.map {
      AdapterChoice(path: $0.path, strength: $0.strength * factor, name: $0.name)
    }
    var set = try scaled.read(for: model, device: device)
    set.isMerged = sources.areAdaptersMerged
    return set
  }

  /// The models, with adapters and a sampler.
  func pipeline(
    _ sampler: SchedulerName?, adapters: AdapterSet, residency: Residency = .oneAtATime
  ) -> StableDiffusionXLPipeline {
    StableDiffusionXLPipeline(
      model, refiner: refiner, adapters: adapters, scheduler: scheduler(sampler),
      refinerScheduler: refinerScheduler(sampler),
      dtype: precision.dtype, device: device, residency: residency)
  }

  /// What a picture's file says of it.
  func record(
    _ series: PictureSeries, seed: UInt64, sampler: SchedulerName?, times factor: Double = 1
  ) -> PictureRecord {
    var sources = sources
    for index in sources.adapters.indices { sources.adapters[index].scale *= factor }
    return PictureRecord(
      series, seed: seed, scheduler: scheduler(sampler), sampler: sampler, sources: sources)
  }
}
