import Foundation
import Images
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Training

@Suite("Samples of a forward pass")
struct SampleDeckTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  /// A configuration with small buckets, in which everything that can be random is.
  static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig {
    TinyTraining.config { config in
      config.bucketStep = 8
      config.crop = .random
      config.flip = true
      config.captionShuffle = true
      config.captionAlternatives = true
      config.captionDropout = 0.2
      config.batchSize = 2
      config.gradientAccumulation = 2
      change(&config)
    }
  }

  private func prepared(_ config: TrainingConfig) throws -> PreparedData {
    try PreparedData(training.setup(config), checkStop: {}, report: { _ in })
  }

  private func samples(_ deck: SampleDeck, steps: Range<Int>) -> [[SampleDeck.Sample]] {
    steps.flatMap { step in (0..<2).map { deck.samples(step: step, micro: $0) } }
  }

  @Test("a pass has images of one size, each with its own size conditioning")
  func conditioning() throws {
    let passes = samples(try prepared(Self.config()).instances, steps: 0..<40)
    for pass in passes {
      #expect(Set(pass.map(\.view.geometry.target)).count == 1)
      for sample in pass {
        let shown = sample.view.isMirrored ? sample.view.geometry.mirrored : sample.view.geometry
        let (original, target) = (shown.original, shown.target)
        #expect(
          sample.sizes.timeIds
            == [
              original.height, original.width, shown.cropTop, shown.cropLeft, target.height,
              target.width,
            ].map(Float.init))
      }
    }
    let sizes = Dictionary(grouping: passes.joined(), by: \.file)
      .mapValues { Set($0.map { $0.view.geometry.target.description }) }
    #expect(sizes == ["0.png": ["72x56"], "1.png": ["48x80"], "2.png": ["64x64"]])
    // 70x70 in 64x64 leaves one crop, the other sizes a few pixels.
    let places = Set(
      passes.joined().map { "\($0.view.geometry.cropTop) \($0.view.geometry.cropLeft)" })
    #expect(places.count > 2)
    #expect(Set(passes.joined().map(\.view.isMirrored)) == [false, true])
  }

  @Test("the views and texts of a run are known in advance, also from a later step on")
  func contents() throws {
    for config in [Self.config(), Self.config { $0.flip = false }, TinyTraining.config()] {
      let deck = try prepared(config).instances
      for steps in [0..<12, 3..<12, 5..<6] {
        let all = steps.flatMap { step in
          (0..<config.gradientAccumulation).flatMap { deck.samples(step: step, micro: $0) }
        }
        let contents = deck.contents(steps: steps)
        #expect(Set(all.map(\.view)) == Set(contents.views))
        #expect(Set(all.map(\.text)) == Set(contents.texts))
        #expect(contents.views.count == Set(contents.views).count)
        #expect(contents.texts.count == Set(contents.texts).count)
      }
    }
  }

  @Test("random flips and crops are the same in another deck, and differ with another seed")
  func draws() throws {
    let deck = try prepared(Self.config()).instances
    let again = try prepared(Self.config()).instances
    let other = try prepared(Self.config { $0.seed = 43 }).instances
    func views(_ deck: SampleDeck) -> [ImageView] {
      samples(deck, steps: 0..<30).joined().map(\.view)
    }
    #expect(views(deck) == views(again))
    #expect(views(deck) != views(other))
  }

  @Test("a focus point fixes the crop of its image in every epoch")
  func focus() throws {
    try Data("sks dog on the beach\nfocus: 0.5 0.9".utf8).write(
      to: training.dataset.appending(path: "1.txt"))
    let deck = try prepared(Self.config { $0.captionAlternatives = false }).instances
    let places = Set(
      samples(deck, steps: 0..<40).joined().filter { $0.file == "1.png" }.map(\.view.geometry))
    // 64x100 is scaled to 51x80 and cropped to 48x80: three columns are left.
    #expect(places.map { [$0.cropTop, $0.cropLeft] } == [[0, 1]])
  }

  @Test("repeats set how often an epoch has an image, and other repeats are a difference")
  func repeats() throws {
    try Data("repeats: 3".utf8).write(to: training.dataset.appending(path: "subject.yaml"))
    let config = TinyTraining.config { $0.steps = 9 }
    let deck = try prepared(config).instances
    let files = (0..<9).flatMap { deck.samples(step: $0, micro: 0).map(\.file) }
    #expect(
      files.sorted() == ["0.png", "1.png", "2.png"].flatMap { Array(repeating: $0, count: 3) })
    let recorded = try training.setup(config).identity
    try FileManager.default.removeItem(at: training.dataset.appending(path: "subject.yaml"))
    #expect(
      try training.setup(config).identity.differences(from: recorded).map(\.description)
        == (0..<3).map { "repeats of \($0).png: 3 -> 1" })
  }

  @Test("a mask weights the loss if masks are used, and another mask is a difference")
  func masks() throws {
    try training.writeImage("0-mask.png", width: 80, height: 64, seed: 5)
    let config = TinyTraining.config { $0.batchSize = 3 }
    func weights(_ config: TrainingConfig) throws -> Tensor? {
      let source = BatchSource(
        try prepared(config), config: config, timesteps: 1000, scale: { $0 })
      return try source.pass(step: 0, micro: 0).instances.weights
    }
    let masked = try #require(try weights(config))
    #expect(masked.shape == [3, 1, 8, 8])
    let values = try masked.doubles()
    #expect(values.contains { $0 < 0.9 } && values.allSatisfy { $0 >= 0.1 && $0 <= 1 })
    #expect(values.count { $0 == 1 } >= 128)
    #expect(try weights(TinyTraining.config { ($0.batchSize, $0.masks) = (3, false) }) == nil)

    let recorded = try training.setup(config).identity
    try training.writeImage("0-mask.png", width: 80, height: 64, seed: 6)
    #expect(
      try training.setup(config).identity.differences(from: recorded).map {
        withoutHashes($0.description)
      } == ["mask of 0.png: # -> #"])
  }

  @Test("latents: mean uses the posterior's mean, sampled a new sample in every step")
  func latents() throws {
    func latents(_ choice: LatentsChoice, step: Int) throws -> [Float] {
      let config = TinyTraining.config { ($0.latents, $0.batchSize) = (choice, 3) }
      let source = BatchSource(
        try prepared(config), config: config, timesteps: 1000, scale: { $0 })
      let batch = try source.pass(step: step, micro: 0).instances
      let place = try #require(batch.files.firstIndex(of: "2.png"))
      return try batch.latents.select(dim: 0, index: place).floats()
    }
    #expect(try latents(.mean, step: 0) == latents(.mean, step: 1))
    #expect(try latents(.sampled, step: 0) != latents(.sampled, step: 1))
    #expect(try latents(.sampled, step: 1) == latents(.sampled, step: 1))
  }

  @Test("short captions in a batch with long ones are padded with chunks of the empty text")
  func longCaptions() throws {
    let long = Array(repeating: "dog", count: 100).joined(separator: " ")
    try Data(long.utf8).write(to: training.dataset.appending(path: "1.txt"))
    let config = TinyTraining.config { ($0.batchSize, $0.maxCaptionTokens) = (3, 225) }
    let data = try prepared(config)
    let source = BatchSource(
      data, config: config, timesteps: 1000, scale: { $0 })
    let batch = try source.pass(step: 0, micro: 0).instances
    #expect(Array(batch.embeds.shape.prefix(2)) == [3, 231])
    let short = try #require(batch.files.firstIndex(of: "0.png"))
    let filling = try batch.embeds.select(dim: 0, index: short).narrow(
      dim: 0, start: 77, length: 77)
    #expect(try filling.bytes() == data.texts.embedding(.positive("")).embeds.bytes())
    try training.train(run: 1, config)
  }
}
