import Foundation
import Images
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Files
@testable import Training

@Suite("Prior preservation")
struct PriorPreservationTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  /// A configuration with three drawn class images of two prompts.
  static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig {
    TinyTraining.config { config in
      config.priorImages = 3
      config.classPrompts = ["a dog", "some dogs"]
      config.priorBatchSize = 2
      change(&config)
    }
  }

  /// The number of class images that the preparation draws.
  private func drawn(_ change: (inout TrainingConfig) -> Void = { _ in }) throws -> Int {
    try training.computed(Self.config(change)).filter { $0 == "class images" }.count
  }

  private var folder: URL { training.caches.appending(path: "class-images") }

  private func kept() throws -> [String: Data] {
    guard FileManager.default.fileExists(atPath: folder.path) else { return [:] }
    return try Dictionary(
      uniqueKeysWithValues: training.files(below: folder).map {
        ($0, try Data(contentsOf: folder.appending(path: $0)))
      })
  }

  @Test("each class image is the picture that the pipeline draws with the seed in its file")
  func pictures() throws {
    #expect(try drawn() == 3)
    let files = try kept()
    #expect(files.count == 3)
    let model = try ModelDirectory(training.model)
    let unet = try training.setup().identity.hash(of: .unet)
    var prompts: [String] = []
    for data in files.values {
      let text = try #require(try PNGText.read(data).first).value
      let lines = text.split(separator: "\n").map(String.init)
      let seed = try #require(lines[1].firstMatch(of: /Seed: (\d+)/)?.1)
      #expect(
        lines[1] == "Steps: 2, Sampler: EulerDiscreteScheduler, CFG scale: 5.0, Seed: \(seed), "
          + "Size: 64x64, Model: \(unet.prefix(12))")
      prompts.append(lines[0])
      let series = PictureSeries(
        prompt: lines[0], negative: nil, width: 64, height: 64, steps: 2, guidance: 5,
        seeds: [try #require(UInt64(seed))])
      try StableDiffusionXLPipeline(model).draw(series) { _, picture in
        let kept = try ImageDecoder.decode(data).pixels
        #expect(kept == picture.pixels)
      }
    }
    #expect(prompts.sorted() == ["a dog", "a dog", "some dogs"])
    let pixels = try files.values.map { try ImageDecoder.decode($0).pixels }
    #expect(Set(pixels).count == 3)
  }

  @Test("a later run draws only missing class images; only the options that they depend on matter")
  func reuse() throws {
    #expect(try drawn() == 3)
    let files = try kept()
    #expect(try drawn() == 0)
    #expect(try drawn { $0.rank = 3 } == 0)
    #expect(try drawn { $0.priorImages = 4 } == 1)
    #expect(try drawn { $0.classPrompts = ["a dog", "two dogs"] } == 1)
    #expect(try drawn { $0.seed = 43 } == 3)
    #expect(try drawn { $0.priorSteps = 3 } == 3)
    #expect(try drawn { $0.priorGuidance = 4 } == 3)
    #expect(
      try drawn { config in
        config.sampleSteps = 7
        config.sampleGuidance = 2
      } == 0)
    #expect(try drawn { $0.resolution = 96 } == 3)
    #expect(try drawn { $0.precision = .bf16 } == 3)
    let now = try kept()
    #expect(now.count == 3 + 1 + 1 + 5 * 3)
    #expect(files.allSatisfy { now[$0.key] == $0.value })
  }

  @Test("a changed byte of the base model makes them stale; its folder does not matter")
  func model() throws {
    #expect(try drawn() == 3)
    try training.copyModel()
    #expect(try drawn() == 0)
    try damageLastByte(
      of: training.model.appending(path: "unet/diffusion_pytorch_model.safetensors"))
    #expect(try drawn() == 3)
  }

  @Test("a class image whose pixels were edited is drawn again, the same")
  func edited() throws {
    _ = try drawn()
    let files = try kept()
    let name = try #require(files.keys.min())
    let image = try ImageDecoder.decode(#require(files[name]))
    var pixels = image.pixels
    pixels[7] ^= 1
    try PNGEncoder.encode(
      RGBImage(width: 64, height: 64, pixels: pixels), text: PNGText.read(#require(files[name]))
    ).write(to: folder.appending(path: name))
    #expect(try drawn() == 1)
    #expect(try kept() == files)
  }

  @Test("a truncated or damaged class image, or one of other options, is drawn again, the same")
  func damaged() throws {
    _ = try drawn()
    let files = try kept()
    let names = files.keys.sorted()
    try #require(files[names[0]]).dropLast(20).write(to: folder.appending(path: names[0]))
    var flipped = try #require(files[names[1]])
    flipped[flipped.count / 2] ^= 0xFF
    try flipped.write(to: folder.appending(path: names[1]))
    try #require(files[names[0]]).write(to: folder.appending(path: names[2]))
    #expect(try drawn() == 3)
    #expect(try kept() == files)
  }

  @Test("an unreadable image of the subject is an error before any class image is drawn")
  func unreadable() throws {
    let image = training.dataset.appending(path: "1.png")
    try Data(contentsOf: image).dropLast(200).write(to: image)
    #expect(sentence { _ = try drawn() }.contains("1.png"))
    #expect(try kept().isEmpty)
  }

  @Test("stopped drawing leaves complete images, and continues with the next")
  func interrupted() throws {
    _ = try drawn()
    let files = try kept()
    try FileManager.default.removeItem(at: training.caches)
    let (outcome, events) = try training.train(run: 1, Self.config()) { events, calls in
      if case .preparing("class images", 2, 3) = events.last { calls == 2 } else { false }
    }
    #expect(outcome == .stopped(step: 0))
    #expect(events.steps.isEmpty)
    #expect(try kept().count == 2)
    #expect(try drawn() == 1)
    #expect(try kept() == files)
  }

  @Test("class images have their own captions, sizes and random numbers in a pass")
  func batches() throws {
    let dogs = training.folder.url.appending(path: "dogs")
    try FileManager.default.createDirectory(at: dogs, withIntermediateDirectories: true)
    try training.writeImage("../dogs/a.png", width: 64, height: 128, seed: 7)
    try Data("a dog".utf8).write(to: dogs.appending(path: "a.txt"))
    let config = TinyTraining.config { config in
      config.batchSize = 2
      config.gradientAccumulation = 2
      config.priorBatchSize = 3
      config.priorImages = 1
      config.priorFolder = dogs.path
    }
    var alone = config
    alone.priorImages = 0
    func source(_ config: TrainingConfig) throws -> (BatchSource, PreparedData) {
      let setup = try training.setup(config)
      let data = try PreparedData(setup, checkStop: {}, report: { _ in })
      let source = BatchSource(
        data, config: setup.config, timesteps: 1000, scale: { $0 })
      return (source, data)
    }
    let (with, data) = try source(config)
    let (without, _) = try source(alone)
    let dog = try data.texts.embedding(.caption("a dog", maxTokens: 75))
    var draws: Set<[Float]> = []
    for step in 0..<3 {
      for micro in 0..<2 {
        let pass = try with.pass(step: step, micro: micro)
        let (batch, others) = (pass.instances, try #require(pass.classImages))
        let expected = try without.pass(step: step, micro: micro).instances
        #expect(others.latents.shape == [1, 4, 8, 8])
        #expect(batch.files == expected.files && others.files == ["class image a.png"])
        #expect(batch.timesteps == expected.timesteps)
        // The subject's half has the same random numbers as without class images.
        for (mine, other) in [
          (batch.latents, expected.latents), (batch.noise, expected.noise),
          (batch.embeds, expected.embeds), (batch.pooled, expected.pooled),
          (batch.timeIds, expected.timeIds),
        ] {
          #expect(try mine.bytes() == other.bytes())
        }
        #expect(try others.timeIds.floats() == [128, 64, 32, 0, 64, 64])
        #expect(try others.embeds.bytes() == dog.embeds.bytes())
        for noise in [batch.noise, others.noise] {
          for index in 0..<noise.shape[0] {
            draws.insert(try noise.select(dim: 0, index: index).floats())
          }
        }
      }
    }
    // Three images in batches of two: the second batch of an epoch has one.
    #expect(draws.count == 3 * (2 + 1) + 3 * 2)
  }

  @Test("every class image is used equally often, in its own order")
  func order() throws {
    let setup = try training.setup(Self.config { $0.priorBatchSize = 1 })
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    let source = BatchSource(
      data, config: setup.config, timesteps: 1000, scale: { $0 })
    let files = try (0..<30).map { step in
      try source.pass(step: step, micro: 0).batches.flatMap(\.files)
    }
    let names = ["class image 1", "class image 2", "class image 3"]
    for epoch in 0..<10 {
      #expect(files[epoch * 3..<epoch * 3 + 3].map { $0[1] }.sorted() == names)
    }
    let subjects = ["0.png", "1.png", "2.png"]
    #expect(
      files.map { subjects.firstIndex(of: $0[0]) } != files.map { names.firstIndex(of: $0[1]) })
  }

  @Test(
    "each step has both parts of the loss, whose weighted sum it is; without class images, neither")
  func losses() throws {
    let (_, events) = try training.train(run: 1, Self.config { $0.priorWeight = 0.25 })
    #expect(events.steps.count == 6)
    for step in events.steps {
      let instance = try #require(step.instanceLoss)
      let prior = try #require(step.priorLoss)
      #expect(instance > 0 && prior > 0)
      #expect(abs(step.loss - (instance + 0.25 * prior)) <= 1e-6 * step.loss)
    }
    let (_, plain) = try training.train(run: 2)
    #expect(plain.steps.allSatisfy { $0.instanceLoss == nil && $0.priorLoss == nil })
  }

  @Test("the weight changes the result; without class images it is that of plain training")
  func weight() throws {
    func adapter(_ run: Int, _ config: TrainingConfig) throws -> String {
      try training.train(run: run, config)
      return try training.adapterHash(run)
    }
    let one = try adapter(1, Self.config())
    #expect(try adapter(2, Self.config { $0.priorWeight = 0.5 }) != one)
    #expect(try adapter(3, Self.config { $0.priorImages = 0 }) == adapter(4, TinyTraining.config()))
  }

  @Test("a resume with other class images is an error that lists them")
  func otherImages() throws {
    try training.train(run: 1, Self.config { $0.steps = 2 })
    let checkpoint = try training.runFolder(1).checkpoint(step: 2)
    let state = try checkpoint.state()
    #expect(state.identity.classImages?.map(\.file) == ["1", "2", "3"])
    func differences(_ change: (inout TrainingConfig) -> Void) throws -> [String] {
      try training.setup(Self.config(change)).differences(from: state).map(\.description)
    }
    #expect(try differences { _ in } == [])
    #expect(try differences { $0.priorImages = 4 } == ["prior_images: 3 -> 4"])
    #expect(try differences { $0.priorImages = 0 } == ["prior_images: 3 -> 0"])
    #expect(try differences { $0.priorWeight = 2 } == ["prior_weight: 1 -> 2"])
    #expect(try differences { $0.priorBatchSize = 1 } == ["prior_batch_size: 2 -> 1"])
    #expect(
      try differences { $0.classPrompts = ["a cat"] }
        == ["class_prompts: [a dog, some dogs] -> [a cat]"])
    #expect(try differences { $0.priorSteps = 3 } == ["prior_steps: 2 -> 3"])
    #expect(try differences { $0.priorGuidance = 4 } == ["prior_guidance: 5 -> 4"])
    #expect(try differences { $0.sampleSteps = 3 } == [])

    let dogs = training.folder.url.appending(path: "dogs")
    try FileManager.default.copyItem(at: training.dataset, to: dogs)
    try FileManager.default.removeItem(at: dogs.appending(path: "run-1"))
    #expect(
      try differences { $0.priorFolder = dogs.path } == [
        "prior_folder: null -> \(dogs.path)", "class image 0.png: added",
        "class image 1: removed", "class image 1.png: added", "class image 2: removed",
        "class image 2.png: added", "class image 3: removed",
      ])

    try blacken()
    #expect(
      withoutHashes(sentence { try training.train(run: 1, Self.config(), from: checkpoint) })
        == "Run 1 cannot be resumed, because its training would change (class image 1: content # -> #; "
        + "class image 2: content # -> #; class image 3: content # -> #); undo the change, allow it "
        + "with `allow_change`, or start a new run with `new`.")
    #expect(try training.files(below: training.caches.appending(path: "latents")).count == 6)
    try FileManager.default.removeItem(at: training.caches)
    let (outcome, events) = try training.train(run: 1, Self.config(), from: checkpoint)
    #expect(outcome == .finished && events.steps.map(\.step) == [3, 4, 5, 6])
  }

  /// Replaces the cached images by black ones, as if another machine had drawn other images.
  private func blacken() throws {
    let black = try RGBImage(
      width: 64, height: 64, pixels: Array(repeating: 0, count: 64 * 64 * 3))
    for name in try kept().keys {
      let url = folder.appending(path: name)
      let parameters = try PNGText.read(Data(contentsOf: url))[0]
      let hash = ContentHash.of(black.pixels)
      try PNGEncoder.encode(black, text: [parameters, ("pixels", hash)]).write(to: url)
    }
  }

  @Test(
    "if drawing again is not exact, other class images are a note: on a GPU or another libtorch")
  func drawnElsewhere() throws {
    #expect(TrainingSetup.drawsExactly(on: .cpu, libtorch: Backend.version))
    #expect(!TrainingSetup.drawsExactly(on: .cpu, libtorch: "1.0.0"))
    #expect(!TrainingSetup.drawsExactly(on: .cuda(0), libtorch: Backend.version))

    try training.train(run: 1, Self.config { $0.steps = 2 })
    let checkpoint = try training.runFolder(1).checkpoint(step: 2)
    try blacken()
    let file = checkpoint.url.appending(path: "state.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    try text.replacing("\"libtorch\":\"\(Backend.version)\"", with: "\"libtorch\":\"1.0.0\"")
      .write(to: file, atomically: true, encoding: .utf8)
    let (outcome, events) = try training.train(run: 1, Self.config(), from: checkpoint)
    #expect(outcome == .finished)
    #expect(
      events.notes.map(withoutHashes) == [
        "The class images were drawn again and differ from the previous ones (class image 1: "
          + "content # -> #, class image 2: content # -> #, class image 3: content # -> #)."
      ])
    let (_, again) = try training.train(
      run: 1, Self.config { $0.steps = 7 }, from: training.runFolder(1).checkpoint(step: 6))
    #expect(again.notes == [], "the state has the new ones")

    // Changes of the subject's images are still an error.
    try damageLastByte(of: training.dataset.appending(path: "1.txt"))
    #expect(
      sentence { try training.train(run: 1, Self.config(), from: checkpoint) }
        .contains("caption of 1.png"))
  }

  @Test("without class images their options are no difference, and old records are read")
  func offBefore() throws {
    try training.train(run: 1, TinyTraining.config { $0.steps = 2 })
    var state = try training.runFolder(1).checkpoint(step: 2).state()
    #expect(state.identity.classImages == nil)
    state.config.priorImages = nil
    state.config.priorBatchSize = 8
    #expect(try training.setup().differences(from: state) == [])
    let on = try training.setup(Self.config { $0.priorBatchSize = 8 })
    #expect(try on.differences(from: state).map(\.description) == ["prior_images: null -> 3"])
  }
}
