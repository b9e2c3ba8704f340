import Datasets
import Drawing
import Files
import Foundation
import Images
import NN
import StableDiffusion
import Torch

/// Class images drawn with the untouched base model, each once: kept as PNG files under the hash of
/// everything that they are drawn from, so that a stale one cannot be found.
struct ClassImageCache {
  /// Part of every key; raised whenever the same inputs give other pictures.
  private static let version = "class images 1"

  private let setup: TrainingSetup
  private let folder: URL

  /// The class images that this setup leads to.
  init(_ setup: TrainingSetup) {
    self.setup = setup
    folder = setup.caches.appending(path: CacheKind.classImages.rawValue)
  }

  /// The pictures, image i showing prompt i mod count; those that are not kept whole are drawn. What
  /// `checkStop`, asked before each picture and after each sampler step, throws ends it; what is
  /// drawn by then is kept.
  ///
  /// Throws `DrawingError`, `FileAccessError`, and errors of the model's files.
  func images(
    count: Int, prompts: [String], checkStop: () throws -> Void,
    report: (TrainingEvent) throws -> Void
  ) throws -> [DatasetImage] {
    let plans = (0..<count).map { plan(index: $0, prompt: prompts[$0 % prompts.count]) }
    let side = setup.resolution
    let missing = plans.indices.filter {
      plans[$0].entry.image(width: side, height: side) == nil
    }
    if !missing.isEmpty {
      try draw(plans, missing, prompts, checkStop: checkStop) { index in
        try report(.preparing("class images", done: index, of: count))
      }
      // libtorch keeps a GPU's memory for itself when tensors are freed.
      if setup.device.isCUDA { try Backend.emptyCache() }
    }
    return plans.map { plan in
      DatasetImage(
        url: plan.entry.url, size: PixelSize(width: side, height: side), captions: [plan.prompt])
    }
  }

  /// A class image, and where it is kept.
  private struct Plan {
    let prompt: String
    let options: DrawingOptions
    let entry: PictureEntry
  }

  private func plan(index: Int, prompt: String) -> Plan {
    var options = DrawingOptions()
    options.prompt = prompt
    options.seed = CounterRandom.value(
      seed: setup.config.seed, step: 0, sample: index, purpose: .classImage)
    (options.steps, options.guidance) = (setup.config.priorSteps, setup.config.priorGuidance)
    (options.width, options.height) = (setup.resolution, setup.resolution)
    let arithmetic = Arithmetic(
      device: setup.device, threads: setup.config.threads ?? Backend.threads)
    let parts: [ModelDirectory.Component] = [.unet, .vae, .scheduler]
    let key = ContentHash.of(
      [
        Self.version, prompt, "\(options.seed)", "\(setup.resolution)", "\(options.steps)",
        "\(options.guidance)", setup.dtype.rawValue, arithmetic.description,
        textHash,
      ] + parts.map(setup.identity.hash(of:)))
    let infotext = Infotext(
      options, sampler: setup.model.scheduler.className,
      // By its content: the file must not depend on where the model lies.
      model: String(setup.identity.hash(of: .unet).prefix(12)), adapters: [])
    return Plan(
      prompt: prompt, options: options,
      entry: PictureEntry(url: folder.appending(path: "\(key).png"), infotext: infotext))
  }

  /// The hash of everything that a prompt's embedding depends on besides the prompt.
  private var textHash: String {
    let parts: [ModelDirectory.Component] = [.tokenizer, .tokenizer2, .textEncoder, .textEncoder2]
    return ContentHash.of(
      parts.map(setup.identity.hash(of:))
        + [setup.dtype.rawValue, "\(setup.model.forceZerosForEmptyPrompt)"])
  }

  /// Draws and writes the missing pictures one by one, so that an interruption loses at most one; plan
  /// i has prompt i mod count. UNet and VAE are freed when this returns.
  private func draw(
    _ plans: [Plan], _ missing: [Int], _ prompts: [String], checkStop: () throws -> Void,
    next: (_ index: Int) throws -> Void
  ) throws {
    let prompts = Array(prompts.prefix(plans.count))
    let texts = prompts.map { TextPrompt.positive($0) } + [.negative(nil)]
    let cache = try TextCache(setup)
    try cache.fill(texts, progress: { _ in try checkStop() })
    let embeddings = try texts.map { try cache.embedding($0) }
    let model = LoadedModel(setup.model, dtype: setup.dtype, device: setup.device)
    let sampler = try model.sampler()
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
