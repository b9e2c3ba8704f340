import Adapters
import Files
package import Foundation
package import StableDiffusion
package import Torch

/// What pictures are drawn with: models, adapters and a device, all with their content hashes.
package struct DrawingTools {
  package let model: ModelDirectory
  package let refiner: ModelDirectory?
  package let device: Device
  package let precision: Precision
  /// The same for the records of pictures.
  package let sources: PictureSources

  private let adapters: [AdapterChoice]
  /// The words of prompts that stand for vectors.
  package let embeddings: [TextualInversion]

  /// Hashes all files, and reads the embeddings. Throws `DrawingRequestError`, `DeviceError`, `ModelError`,
  /// `FileAccessError`, `TextualInversionError`, `WeightsError`.
  ///
  /// - Parameters:
  ///   - own: the base model with its own VAE.
  ///   - name: the base model's name in the records of pictures.
  ///   - caches: the cache folder.
  ///   - program: the version of lora-train.
  package init(
    _ options: DrawingOptions, model own: ModelDirectory, named name: String,
    refiner: ModelDirectory?, caches: URL, program: String
  ) throws {
    for choice in options.loras where !FileManager.default.fileExists(atPath: choice.path) {
      if let error = FileAccessError.danglingLink(URL(filePath: choice.path)) { throw error }
      throw DrawingRequestError.missingAdapter(choice.path)
    }
    model = try options.vae.map { try own.replacingVAE(with: URL(filePath: $0)) } ?? own
    self.refiner = refiner
    embeddings = try Self.read(options.embeddings, for: model)
    adapters = options.loras.map {
      AdapterChoice(path: $0.path, strength: $0.strength * options.strength, name: $0.name)
    }
    device = try options.device.resolve()
    precision = options.precision ?? .standard(on: device)

    let contents = ContentRecords(in: caches)
    var sources = PictureSources(
      model: try contents.record(own, path: name), precision: precision, isOnGPU: device.isCUDA,
      program: program)
    if let path = options.vae { sources.vae = try contents.vae(of: model, path: path) }
    sources.adapters = try adapters.map {
      try contents.adapter(
        URL(filePath: $0.path), name: $0.name, path: $0.path, strength: $0.strength)
    }
    sources.embeddings = try options.embeddings.map { choice in
      let source = try contents.record(URL(filePath: choice.path), path: choice.path)
      return PictureRecord.Embedding(
        name: choice.word, path: source.path, sha256: source.sha256)
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
      // Without the saved hashes, only the next drawing is slower.
    }
  }

  /// The base model's scheduler for a sampler; nil for the model's own sampler.
  package func scheduler(_ sampler: SchedulerName?) -> SchedulerConfiguration {
    sampler.map(model.scheduler.replacingClass) ?? model.scheduler
  }

  /// The refiner's scheduler for a sampler; nil for its own, or without a refiner.
  package func refinerScheduler(_ sampler: SchedulerName?) -> SchedulerConfiguration? {
    sampler.flatMap { refiner?.scheduler.replacingClass(with: $0) }
  }

  /// Reads the adapter files. Adapters of the same layer are summed. Throws `AdapterFileError`,
  /// `WeightsError`, `TorchError`.
  ///
  /// - Parameters:
  ///   - prompt: the prompt that should contain the triggers of the adapters; nil: any may.
  ///   - note: is called with each file that changes nothing, or whose trigger the prompt lacks.
  package func adapterSet(
    for prompt: String? = nil, note: (DrawingNote) -> Void
  ) throws -> AdapterSet {
    if adapters.isEmpty { return .none }
    let layers = AdaptableLayers(model)
    var set = try AdapterSet.sum(
      adapters.map { choice in
        let file = try AdapterFile(contentsOf: URL(filePath: choice.path))
        if try file.isZero() { note(.zeroAdapter(file: choice.path)) }
        if let prompt, let trigger = file.trigger, choice.strength != 0, !prompt.hasTrigger(trigger)
        {
          note(.missingTrigger(trigger, file: choice.path))
        }
        return try file.adapters(for: layers, strength: choice.strength, device: device)
      })
    set.isMerged = sources.areAdaptersMerged
    return set
  }

  package func pipeline(
    _ sampler: SchedulerName?, adapters: AdapterSet, residency: Residency = .oneAtATime
  ) -> StableDiffusionXLPipeline {
    StableDiffusionXLPipeline(
      model, refiner: refiner, adapters: adapters, embeddings: embeddings,
      scheduler: scheduler(sampler), refinerScheduler: refinerScheduler(sampler),
      dtype: precision.dtype, device: device, residency: residency)
  }

  /// The record of a picture.
  package func record(
    _ series: PictureSeries, seed: UInt64, sampler: SchedulerName?, times factor: Double = 1
  ) -> PictureRecord {
    var sources = sources
    for index in sources.adapters.indices { sources.adapters[index].strength *= factor }
    return PictureRecord(
      series, seed: seed, scheduler: scheduler(sampler), sampler: sampler, sources: sources)
  }
}

extension String {
  /// Whether a prompt contains a trigger, or one of several with commas between them.
  fileprivate func hasTrigger(_ trigger: String) -> Bool {
    let words = trigger.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    return words.isEmpty || words.contains { lowercased().contains($0.lowercased()) }
  }
}
