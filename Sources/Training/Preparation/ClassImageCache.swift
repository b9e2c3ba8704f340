import Datasets
import Drawing
import Files
import Foundation
import Images
import NN
import StableDiffusion
import Torch

/// Class images drawn with the base model, each once. The name of a PNG file is the hash of
/// everything that decides the image, so a stale file is never found.
struct ClassImageCache {
  /// Part of every key. Raise it whenever the same inputs give other images.
  private static let version = "class images 2"

  private let setup: TrainingSetup
  private let folder: URL

  init(_ setup: TrainingSetup) {
    self.setup = setup
    folder = setup.caches.appending(path: CacheKind.classImages.rawValue)
  }

  /// The class images; image `i` has prompt `i % prompts.count`. Those that are not cached are
  /// drawn. `checkStop` is called before each image and after each sampler step. Its error ends the
  /// drawing; images drawn so far stay cached.
  ///
  /// Throws `DrawingError`, `FileAccessError`, and errors of the model's files.
  func images(
    count: Int, prompts: [String], checkStop: () throws -> Void,
    report: (TrainingEvent) throws -> Void
  ) throws -> [DatasetImage] {
    let plans = try (0..<count).map { try plan(index: $0, prompt: prompts[$0 % prompts.count]) }
    let side = setup.resolution
    try setup.filling(Array(plans.indices)) { part in
      let missing = part.filter { plans[$0].entry.image(width: side, height: side) == nil }
      guard !missing.isEmpty else { return }
      try draw(plans, missing, prompts, checkStop: checkStop) { index in
        try report(.preparing("class images", done: index, of: count))
      }
      // libtorch keeps the GPU memory of freed tensors.
      if setup.device.isCUDA { try Backend.emptyCache() }
    }
    return plans.map { plan in
      DatasetImage(
        url: plan.entry.url, size: PixelSize(width: side, height: side), captions: [plan.prompt])
    }
  }

  /// A class image to draw, and its cache file.
  private struct Plan {
    let prompt: String
    let options: DrawingOptions
    let entry: PictureEntry
  }

  private func plan(index: Int, prompt: String) throws -> Plan {
    var options = DrawingOptions()
    options.prompt = prompt
    options.seed = CounterRandom.value(
      seed: setup.config.seed, step: 0, sample: index, purpose: .classImage)
    (options.steps, options.guidance) = (setup.config.priorSteps, setup.config.priorGuidance)
    (options.width, options.height) = (setup.resolution, setup.resolution)
    let arithmetic = try Arithmetic(setup)
    let parts: [ModelDirectory.Component] = [.unet, .vae, .scheduler]
    let key = ContentHash.of(
      [
        Self.version, prompt, "\(options.seed)", "\(setup.resolution)", "\(options.steps)",
        "\(options.guidance)", setup.dtype.rawValue, arithmetic.description,
        textHash,
      ] + parts.map(setup.identity.hash(of:)) + schedulerChanges)
    let infotext = Infotext(
      options, sampler: setup.model.scheduler.className,
      // Named by content: the file must not depend on the model's folder.
      model: String(setup.identity.hash(of: .unet).prefix(12)), adapters: [])
    return Plan(
      prompt: prompt, options: options,
      entry: PictureEntry(url: folder.appending(path: "\(key).png"), infotext: infotext))
  }

  /// What the options change in the base model's scheduler; empty for nothing.
  private var schedulerChanges: [String] {
    let (own, used) = (setup.model.scheduler, setup.scheduler)
    return (own.predictionType == used.predictionType ? [] : [used.predictionType.rawValue])
      + (own.rescaleBetasZeroSnr == used.rescaleBetasZeroSnr ? [] : ["zero terminal SNR"])
  }

  /// The hash of everything besides the prompt that decides its embedding.
  private var textHash: String {
    let parts: [ModelDirectory.Component] = [.tokenizer, .tokenizer2, .textEncoder, .textEncoder2]
    return ContentHash.of(
      parts.map(setup.identity.hash(of:))
        + [setup.dtype.rawValue, "\(setup.model.forceZerosForEmptyPrompt)"])
  }

  /// Draws and writes the missing images one by one, so that an interruption loses at most one.
  /// Plan `i` has prompt `i % prompts.count`. UNet and VAE are freed at the end.
  private func draw(
    _ plans: [Plan], _ missing: [Int], _ prompts: [String], checkStop: () throws -> Void,
    next: (_ index: Int) throws -> Void
  ) throws {
    let prompts = Array(prompts.prefix(plans.count))
    let texts = prompts.map { TextPrompt.positive($0) } + [.negative(nil)]
    let cache = try TextCache(setup)
    try cache.fill(texts, progress: { _ in try checkStop() })
    let embeddings = try texts.map { try cache.embedding($0) }
    // Rounded weights would draw other images.
    let rung = MemoryRung(setup.config)
    let model = LoadedModel(
      setup.model, dtype: setup.dtype, device: setup.device,
      storage: [.int8, .fp8].contains(rung.weights) ? .offloaded(share: 1) : rung.storage,
      // The VAE decodes beside the memory of the recording.
      recordsPredictions: setup.recordsPasses && setup.memory.isRoomy(rung))
    let sampler = try model.sampler(setup.scheduler)
    let decoder = try model.decoder()
    for index in missing {
      try checkStop()
      try next(index)
      let plan = plans[index]
      let latents = try sampler.latents(
        for: PictureRequest(
          prompt: embeddings[index % prompts.count], negative: embeddings[prompts.count],
          width: setup.resolution, height: setup.resolution, steps: plan.options.steps,
          guidance: plan.options.guidance, seed: plan.options.seed)
      ) { _ in try checkStop() }
      let image = try decoder.pictures(of: latents)[0].image
      try plan.entry.write(image)
    }
  }
}
