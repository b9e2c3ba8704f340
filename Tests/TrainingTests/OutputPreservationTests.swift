import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Files
@testable import Training

@Suite("Preservation of the base model's output")
struct OutputPreservationTests {
  private let training: TinyTraining

  init() throws {
    training = try TinyTraining()
    try subject("trigger: sks\nclass_word: dog\n")
  }

  private func subject(_ text: String) throws {
    try Data(text.utf8).write(to: training.dataset.appending(path: Subject.fileName))
  }

  static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig {
    TinyTraining.config { config in
      config.priorImages = nil
      config.objective.preservation = .output
      change(&config)
    }
  }

  private func texts(
    trigger: String? = "sks", word: String? = "dog", prompts: [String]? = nil
  ) throws -> ClassTexts {
    let dataset = try Dataset.load(directory: training.dataset, subject: "dog")
    let subject = Subject(name: "rex", trigger: trigger, classWord: word, classPrompts: prompts)
    return try ClassTexts(
      TrainingConfig(),
      dataset: Dataset(
        directory: dataset.directory, subject: subject, images: dataset.images, problems: [],
        isCompanion: false))
  }

  @Test("the class word takes the subject's place in a caption, and is not doubled")
  func replacement() throws {
    let texts = try texts()
    let replaced = [
      "a photo of sks dog": "a photo of dog", "sks on the beach": "dog on the beach",
      "Sks DOG, sks": "DOG, dog", "a sks  dog and a (sks)": "a dog and a (dog)",
      "sks doggy": "dog doggy",
    ]
    for (caption, text) in replaced { #expect(texts.replaced(caption) == text) }
    for caption in ["", "a dog", "skse", "asks", "a_dog"] {
      #expect(texts.replaced(caption) == nil, "\(caption)")
    }
    let name = try self.texts(trigger: nil, word: "golden $1 (dog)")
    #expect(name.replaced("rex and Rex golden $1 (dog)") == "golden $1 (dog) and golden $1 (dog)")
    #expect(try self.texts(trigger: "dog").replaced("a dog") == nil)
  }

  @Test("captions that do not name the subject get class prompts, drawn for the sample")
  func prompts() throws {
    let texts = try texts(prompts: ["one dog", "two dogs", "three dogs"])
    #expect(texts.text(for: "a sks", seed: 1, step: 2, sample: 3) == "a dog")
    let drawn = (0..<30).map { texts.text(for: "", seed: 1, step: $0, sample: 0) }
    #expect(Set(drawn) == ["one dog", "two dogs", "three dogs"])
    #expect(drawn == (0..<30).map { texts.text(for: "a dog", seed: 1, step: $0, sample: 0) })
    #expect(texts.texts(for: ["a sks", "sks dog"]) == ["a dog", "dog"])
    #expect(
      texts.texts(for: ["a sks", "a dog"]) == ["a dog", "one dog", "two dogs", "three dogs"])
    let unnamed = try self.texts(word: nil, prompts: ["one dog"])
    #expect(unnamed.text(for: "a sks dog", seed: 1, step: 2, sample: 3) == "one dog")
  }

  @Test(
    "without a class word and class prompts there is an error; class prompts must not name the subject"
  )
  func unknownClass() throws {
    try subject("trigger: sks\n")
    let error = #expect(throws: PriorError.self) { try training.setup(Self.config()) }
    #expect(try #require(error).description.contains("set class_word in"))
    let setup = try training.setup(Self.config { $0.classPrompts = ["a sks dog", "a dog"] })
    #expect(setup.config.classPrompts == ["a sks dog", "a dog"])
    let notes = setup.problems.map(\.description)
    #expect(notes.contains { $0.contains("the class prompt \"a sks dog\" contains \"sks\"") })
    #expect(setup.classImages == nil && setup.config.priorImages == 0)
  }

  @Test("options of class images are noted as not used")
  func unused() throws {
    try subject("trigger: sks\nclass_word: dog\nprior_images: 4\n")
    let setup = try training.setup(Self.config { $0.priorSteps = 3 })
    let notes = setup.problems.map(\.description)
    #expect(
      notes.contains { $0.contains("prior_images") && $0.contains("`preservation` is output") })
    #expect(setup.classImages == nil)
  }

  @Test("a pass has the same samples twice, the second time with the texts of the class")
  func batches() throws {
    let config = Self.config { config in
      config.batchSize = 3
      config.captionDropout = 0.5
      config.bucketStep = 16
      config.crop = .random
      config.flip = true
      config.objective.inputPerturbation = 0.1
    }
    let setup = try training.setup(config)
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    func source(_ config: TrainingConfig, _ data: PreparedData) -> BatchSource {
      BatchSource(data, config: config, timesteps: 1000, scale: { $0 })
    }
    let plain = try training.setup(
      TinyTraining.config { other in
        (other.batchSize, other.captionDropout) = (3, 0.5)
        (other.bucketStep, other.crop, other.flip) = (16, .random, true)
        other.objective.inputPerturbation = 0.1
      })
    let plainData = try PreparedData(plain, checkStop: {}, report: { _ in })
    let known = try ["a photo of dog", "dog on the beach", "a photo of a dog"].map {
      try data.texts.embedding(.caption($0, maxTokens: 75)).embeds.bytes()
    }
    for step in 0..<6 {
      let pass = try source(setup.config, data).pass(step: step, micro: 0)
      let preserved = try #require(pass.preserved)
      #expect(pass.classImages == nil && pass.batches.count == 1)
      let expected = try source(plain.config, plainData).pass(step: step, micro: 0)
      for (one, other) in [(pass.instances, expected.instances), (preserved, pass.instances)] {
        #expect(try one.latents.bytes() == other.latents.bytes())
        #expect(try one.noise.bytes() == other.noise.bytes())
        #expect(try one.inputNoise?.bytes() == other.inputNoise?.bytes())
        #expect(try one.timeIds.bytes() == other.timeIds.bytes())
        #expect(one.timesteps == other.timesteps)
      }
      #expect(try pass.instances.embeds.bytes() == expected.instances.embeds.bytes())
      for index in 0..<preserved.count {
        let embeds = try preserved.embeds.narrow(dim: 0, start: index, length: 1).bytes()
        #expect(known.contains(embeds))
        #expect(
          try embeds != pass.instances.embeds.narrow(dim: 0, start: index, length: 1).bytes())
      }
    }
  }

  @Test(
    "a new adapter changes nothing yet, so the first loss is the plain one, and then the class is kept"
  )
  func losses() throws {
    let (_, plain) = try training.train(run: 1)
    let (_, kept) = try training.train(run: 2, Self.config { $0.priorWeight = 0.5 })
    // The sums of a batch of two are rounded in another order.
    #expect(try #require(kept.steps.first?.priorLoss) <= 1e-12)
    let first = try #require(plain.steps.first).loss
    let loss = try #require(kept.steps.first).loss
    #expect(abs(first - loss) <= 1e-6 * first)
    for step in kept.steps.dropFirst() {
      let (instance, prior) = (try #require(step.instanceLoss), try #require(step.priorLoss))
      #expect(prior > 0)
      #expect(abs(step.loss - (instance + 0.5 * prior)) <= 1e-6 * step.loss)
    }
    #expect(try training.adapterHash(1) != training.adapterHash(2))
    #expect(
      try training.runFolder(2).checkpoint(step: 6).state().identity.classWords
        == ClassWords(subject: "sks", subjectClass: "dog"))
  }

  @Test("other words for subject and class, and other class prompts, are differences on a resume")
  func differences() throws {
    try Data("a large sks".utf8).write(to: training.dataset.appending(path: "2.txt"))
    try training.train(run: 1, Self.config { $0.steps = 2 })
    let state = try training.runFolder(1).checkpoint(step: 2).state()
    func differences(_ change: (inout TrainingConfig) -> Void = { _ in }) throws -> [String] {
      try training.setup(Self.config(change)).differences(from: state).map(\.description)
    }
    #expect(try differences() == [])
    #expect(
      try differences { $0.objective.preservation = .images } == ["preservation: output -> images"])
    #expect(
      try differences { $0.classPrompts = ["a cat"] }
        == ["class_prompts: [a photo of a dog] -> [a cat]"])
    #expect(try differences { $0.priorWeight = 2 } == ["prior_weight: 1 -> 2"])
    #expect(try differences { $0.priorSteps = 3 } == [])
    try subject("trigger: sks\nclass_word: cat\nclass_prompts: [a photo of a dog]\n")
    #expect(
      try differences() == ["words for subject and class: sks, dog -> sks, cat"])
  }

  @Test("the adapters are back after a pass without them, also after an error")
  func adaptersReturn() throws {
    let model = try ModelDirectory(training.model)
    let unet = try model.loadUNet()
    let sites = try unet.attachAdapters(
      LoRA.self, targets: ["to_q"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { _ in try Generator(seed: 0) }
    struct Stop: Error {}
    #expect(unet.withoutAdapters { unet.adapters().count } == 0)
    #expect(throws: Stop.self) { try unet.withoutAdapters { throw Stop() } }
    #expect(unet.adapters().map(\.path) == sites.map(\.path))
  }
}
