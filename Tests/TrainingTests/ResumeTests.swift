import Foundation
import NN
import Options
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Drawing
@testable import Files
@testable import Training

@Suite("Exact resume")
struct ResumeTests {
  /// A configuration whose interrupted training must give the same result.
  struct Way: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let config: TrainingConfig
  }

  static let ways: [Way] = [
    Way(testDescription: "batch 1", config: TinyTraining.config()),
    Way(
      testDescription: "batch 2, accumulation 2, cosine",
      config: TinyTraining.config { config in
        config.batchSize = 2
        config.gradientAccumulation = 2
        config.optimization.learningRateSchedule = .cosine
        config.optimization.learningRateWarmupSteps = 2
      }),
    Way(
      testDescription: "class images, accumulation 2",
      config: PriorPreservationTests.config { $0.gradientAccumulation = 2 }),
    Way(
      testDescription: "the base model's output kept, accumulation 2, bf16",
      config: OutputPreservationTests.config { config in
        (config.gradientAccumulation, config.precision) = (2, .bf16)
        config.captionDropout = 0.3
        config.classPrompts = ["a dog", "a large dog"]
      }),
    Way(
      testDescription: "pseudo-Huber loss, all forms of noise, a curve of timesteps",
      config: TinyTraining.config { config in
        config.batchSize = 2
        config.objective.loss = .huber
        config.objective.noiseOffset = 0.1
        config.objective.noiseOffsetRandomStrength = true
        config.objective.adaptiveNoiseScale = 0.1
        config.objective.multiresNoiseIterations = 6
        config.objective.inputPerturbation = 0.1
        config.objective.perturbationRandomStrength = true
        config.objective.timestepDistribution = .sigmoid
        config.objective.timestepScale = 5
        config.objective.minTimestep = 100
      }),
    Way(
      testDescription: "velocity, pure noise, debiased, class images, logit-normal, samples",
      config: PriorPreservationTests.config { config in
        config.objective.prediction = .velocity
        config.objective.zeroTerminalSNR = true
        config.objective.minSNRGamma = nil
        config.objective.debiasedEstimation = true
        config.objective.timestepDistribution = .logitNormal
        config.objective.conditioningDropout = 0.5
        config.sampleEvery = 3
        config.sampleSeeds = [7]
      }),
    Way(
      testDescription: "random buckets, crops, flips and captions", config: SampleDeckTests.config()
    ),
    Way(testDescription: "bf16", config: TinyTraining.config { $0.precision = .bf16 }),
    Way(testDescription: "fp16", config: TinyTraining.config { $0.precision = .fp16 }),
    Way(
      testDescription: "an average, which validations and samples use",
      config: TinyTraining.config { config in
        (config.optimization.ema, config.evaluate) = (0.9, .ema)
        (config.sampleEvery, config.sampleSeeds, config.validateEvery) = (3, [7], 2)
      }),
    Way(
      testDescription: "an average that warms up, of convolutions too, fp16, accumulation",
      config: TinyTraining.config { config in
        (config.optimization.ema, config.optimization.emaWarmup) = (0.8, true)
        config.adaptation.targets = LayerTargets(["to_q", "to_k", "to_v", "conv1"])
        (config.precision, config.gradientAccumulation) = (.fp16, 2)
      }),
    Way(
      testDescription: "all at once: fp16, buckets, class images, accumulation, warm-up, samples",
      config: PriorPreservationTests.config { config in
        config.precision = .fp16
        config.bucketStep = 8
        config.gradientAccumulation = 2
        config.optimization.learningRateSchedule = .linear
        config.optimization.learningRateWarmupSteps = 3
        config.checkpointEvery = 2
        config.keepLast = 1
        config.sampleEvery = 3
        config.sampleSeeds = [7]
        config.validateEvery = 2
      }),
  ]

  /// Trainings of text encoders.
  static let textWays: [Way] = [
    Way(
      testDescription: "both text encoders, stopped after 3 steps",
      config: TextTrainingTests.config { $0.text.textEncoderStopAt = 3 }),
    Way(
      testDescription: "the first text encoder, schedule-free, validation",
      config: TextTrainingTests.config { config in
        config.text.trainTextEncoders = .first
        config.text.textEncoderLearningRate = nil
        config.text.textEncoderStopAt = 0.5
        config.optimization.optimizer = .scheduleFreeAdamW
        config.validateEvery = 2
      }),
    Way(
      testDescription: "the second text encoder with long captions, dropout and shuffling",
      config: TextTrainingTests.config { config in
        config.text.trainTextEncoders = .second
        config.text.textEncoderLearningRate = nil
        config.maxCaptionTokens = 150
        config.captionDropout = 0.3
        config.captionShuffle = true
        config.captionPrefix = Array(repeating: "a very long prefix", count: 20)
          .joined(separator: ", ")
        config.batchSize = 2
      }),
    Way(
      testDescription: "both text encoders with class images, fp16, accumulation, samples",
      config: PriorPreservationTests.config { config in
        config.text.trainTextEncoders = .both
        config.precision = .fp16
        config.gradientAccumulation = 2
        config.gradientCheckpointing = true
        config.sampleEvery = 3
        config.sampleSeeds = [7]
      }),
  ]

  private let training: TinyTraining

  init() throws {
    training = try TinyTraining()
    try Data("trigger: sks\nclass_word: dog\n".utf8)
      .write(to: training.dataset.appending(path: Subject.fileName))
  }

  /// The final files, and all numbers of all steps but the seconds.
  private func result(_ run: Int) throws -> [String] {
    let folder = training.runFolder(run)
    let checkpoint = try folder.checkpoint(step: 6)
    let pictures = try training.files(below: folder.url).filter { $0.hasSuffix(".png") }.map {
      try "\($0) \(ContentHash.of(fileAt: folder.url.appending(path: $0)))"
    }
    let records = try folder.history(of: checkpoint.state())
    let validation = "\(records.validation)"
    let history = try records.steps.map { report in
      var report = report
      report.seconds = 0
      return String(decoding: try CheckpointFolder.encode(report), as: UTF8.self)
    }
    let scaler = "\(try checkpoint.state().lossScaler)"
    let names = ["adapter.safetensors", "optimizer.safetensors", "ema.safetensors"]
    let files = try names.map { checkpoint.url.appending(path: $0) }
      .filter(DurableFile.exists).map { try ContentHash.of(fileAt: $0) }
    return files + [scaler, validation] + history + pictures
  }

  @Test(
    "a run stopped after any step and resumed gives the same bytes",
    arguments: ways + methods + textWays)
  func everyStep(way: Way) throws {
    if way.config.validateEvery < way.config.steps {
      try training.addValidationImage("a.png", caption: nil, seed: 11)
    }
    try training.train(run: 1, way.config)
    let straight = try result(1)
    // The run stops once after every step, and every resume but one trains two steps.
    for (run, stops) in [(2, [1, 3, 5]), (3, [2, 4])] {
      try training.train(run: run, way.config, stoppedAfter: stops)
      #expect(try result(run) == straight, "stopped after steps \(stops)")
    }
  }

  @Test("a stop between the forward passes of a step drops only that step")
  func midAccumulation() throws {
    let config = Self.ways[1].config
    try training.train(run: 1, config)
    let (outcome, events) = try training.train(run: 2, config) { events, calls in
      events.steps.count == 3 && calls == 2
    }
    #expect(outcome == .stopped(step: 3))
    #expect(events.checkpoints == [3])
    let checkpoint = try training.runFolder(2).checkpoint(step: 3)
    try training.train(run: 2, config, from: checkpoint)
    #expect(try result(2) == result(1))
  }

  @Test("several interruptions, one before the first step, and a deleted cache give the same bytes")
  func severalTimes() throws {
    try training.train(run: 1)
    let (outcome, events) = try training.train(run: 2) { events, _ in
      events.contains { if case .ready = $0 { true } else { false } }
    }
    #expect(outcome == .stopped(step: 0))
    #expect(events.checkpoints.isEmpty)
    var checkpoint: CheckpointFolder?
    for last in [2, 4] {
      try training.train(run: 2, from: checkpoint) { events, _ in
        events.steps.last?.step == last
      }
      checkpoint = try training.runFolder(2).checkpoint(step: last)
      try FileManager.default.removeItem(at: training.caches)
    }
    let (_, again) = try training.train(run: 2, from: checkpoint) { _, _ in true }
    #expect(again.checkpoints.isEmpty)
    try training.train(run: 2, from: checkpoint)
    #expect(try result(2) == result(1))
  }

  @Test("samples and checkpoints do not change the training")
  func samples() throws {
    try training.train(run: 1)
    let config = TinyTraining.config { config in
      config.checkpointEvery = 2
      config.sampleEvery = 1
      config.samplePrompts = ["a dog", "a cat"]
    }
    try training.train(run: 2, config)
    #expect(try result(2).filter { !$0.hasPrefix("samples/") } == result(1))
  }

  @Test("a finished run resumed for more steps gives the result of a run of all steps")
  func moreSteps() throws {
    try training.train(run: 1)
    try training.train(run: 2, TinyTraining.config { $0.steps = 4 })
    try training.train(run: 2, from: training.runFolder(2).checkpoint(step: 4))
    #expect(try result(2) == result(1))
  }

  @Test("a resume keeps the run's number of threads; a number that is set is a difference")
  func threads() throws {
    let recorded = try training.setup(TinyTraining.config { $0.threads = 7 }).config
    let unset = try training.setup(TinyTraining.config { $0.threads = nil })
    let adopted = unset.resuming(recorded)
    #expect(adopted.config == recorded)
    let other = try training.setup(TinyTraining.config { $0.threads = 3 }).resuming(recorded)
    #expect(
      other.config.differencesForbiddenOnResume(from: recorded).map(\.description)
        == ["threads: 7 -> 3"])
  }

  @Test("a training uses the number of threads of its setup")
  func threadsAreUsed() throws {
    let before = Backend.threads
    defer { Backend.threads = before }
    let recorded = try training.setup(TinyTraining.config { $0.threads = 2 }).config
    let setup = try training.setup(TinyTraining.config { $0.threads = nil }).resuming(recorded)
    Backend.threads = 1
    var used: [Int] = []
    let trainer = Trainer(setup, folder: training.runFolder(1))
    _ = try trainer.train(
      from: nil, stopped: { !used.isEmpty }, report: { _ in used.append(Backend.threads) })
    #expect(used.first == 2)
  }

  @Test("another libtorch is a difference on the CPU")
  func libtorch() throws {
    try training.train(run: 1)
    var state = try training.runFolder(1).checkpoint(step: 6).state()
    let setup = try training.setup()
    #expect(try setup.differences(from: state) == [])
    state.libtorch = "1.0.0"
    #expect(
      try setup.differences(from: state).map(\.description)
        == ["libtorch: 1.0.0 -> \(Backend.version)"])
    #expect(setup.notes(on: state) == [])
  }

  @Test("another seed gives another adapter")
  func seed() throws {
    try training.train(run: 1)
    try training.train(run: 2, TinyTraining.config { $0.seed = 43 })
    #expect(try training.adapterHash(2) != training.adapterHash(1))
  }
}
