import Adapters
import Foundation
import Images
import NN
import Options
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Drawing
@testable import Files
@testable import Training

/// The moving average of a training's adapter.
@Suite("Average of the weights")
struct AverageTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  /// Saved after each step, so that the averages can be computed from the files.
  private static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig
  {
    TinyTraining.config {
      $0.checkpointEvery = 1
      $0.optimization.ema = 0.9
      change(&$0)
    }
  }

  private func values(_ run: Int, _ step: Int, _ weights: CheckpointWeights) throws -> [String:
    [Float]]
  {
    let file = try SafetensorsFile(
      contentsOf: training.runFolder(run).checkpoint(step: step).file(of: weights))
    return try Dictionary(
      uniqueKeysWithValues: file.names.map { ($0, try file.tensor($0).floats()) })
  }

  /// What each step keeps of the average so far.
  private static let slow: [Double] = [0, 2.0 / 11, 3.0 / 12, 4.0 / 13, 5.0 / 14, 6.0 / 15]
  private static let warmedUp: [Double] = [0, 0.5, 2.0 / 3, 0.75, 0.8, 0.8]

  @Test("Each checkpoint has the average of the adapters of all steps, by the same names")
  func course() throws { try expectAverages(Self.slow, Self.config()) }

  @Test("A bf16 training averages its fp32 weights")
  func bf16() throws { try expectAverages(Self.slow, Self.config { $0.precision = .bf16 }) }

  @Test("With a warm-up, the first steps weigh less")
  func warmUp() throws {
    let config = Self.config {
      ($0.optimization.ema, $0.optimization.emaWarmup, $0.optimization.emaPower) = (0.8, true, 1)
    }
    try expectAverages(Self.warmedUp, config)
  }

  private func expectAverages(_ decays: [Double], _ config: TrainingConfig) throws {
    try training.train(run: 1, config)
    var averages = try values(1, 1, .adapter).mapValues { $0.map(Double.init) }
    for step in 1...6 {
      let decay = decays[step - 1]
      let adapter = try values(1, step, .adapter)
      let saved = try values(1, step, .ema)
      #expect(saved.keys.sorted() == adapter.keys.sorted())
      for (name, average) in averages where !name.hasSuffix(".alpha") {
        let now = try #require(adapter[name]).map(Double.init)
        let next = zip(average, now).map { decay * $0 + (1 - decay) * $1 }
        averages[name] = next
        let found = try #require(saved[name])
        let most = 1e-6 * (next.map(abs).max() ?? 0)
        let isSame = zip(found, next).allSatisfy { abs(Double($0) - $1) <= most }
        #expect(isSame, "\(name)")
      }
      #expect(try training.runFolder(1).checkpoint(step: step).state().averageUpdates == step)
    }
    #expect(try values(1, 6, .ema) != values(1, 6, .adapter))
  }

  @Test("The training itself does not depend on the average, nor on what is evaluated")
  func independent() throws {
    let plain = try training.train(run: 1, Self.config { $0.optimization.ema = nil })
    try training.addValidationImage("a.png", caption: nil, seed: 11)
    let averaged = try training.train(
      run: 2,
      Self.config {
        ($0.evaluate, $0.validateEvery) = (.ema, 2)
        ($0.sampleEvery, $0.sampleSeeds) = (2, [1])
      })
    #expect(try training.adapterHash(1) == training.adapterHash(2))
    #expect(plain.events.steps.map(\.loss) == averaged.events.steps.map(\.loss))
    #expect(try training.runFolder(1).checkpoint(step: 6).state().averageUpdates == nil)
    let files = try training.files(below: training.runFolder(1).url)
    #expect(!files.contains { $0.contains("ema") })
  }

  @Test("The file is an adapter for other programs, and its header says what it is")
  func file() throws {
    try training.train(run: 1, Self.config())
    let checkpoint = try training.runFolder(1).checkpoint(step: 6)
    let model = try ModelDirectory(training.model)
    let layers = AdaptableLayers(model)
    let average = try AdapterFile(contentsOf: checkpoint.file(of: .ema)).adapters(for: layers)
    let adapter = try AdapterFile(contentsOf: checkpoint.adapter).adapters(for: layers)
    #expect(Set(average.keys) == Set(adapter.keys) && !average.isEmpty)
    let metadata = try AdapterFile.metadata(of: checkpoint.file(of: .ema))
    let own = try AdapterFile.metadata(of: checkpoint.adapter)
    #expect(metadata["ss_output_name"] == "dog-6-ema" && own["ss_output_name"] == "dog-6")
    #expect(metadata["lora_train"]?.contains("\"weights\":\"ema\"") == true)
    #expect(own["lora_train"]?.contains("weights\":\"ema") == false)
    #expect(metadata["sshs_model_hash"] != own["sshs_model_hash"])
    #expect(metadata.keys.sorted() == own.keys.sorted())
  }

  @Test("A skipped step of float16 does not count")
  func skipped() throws {
    let (_, events) = try training.train(
      run: 1, Self.config { ($0.precision, $0.optimization.learningRate) = (.fp16, 1) })
    let done = events.steps.count { $0.gradNorm != nil }
    for step in 1...6 {
      let counted = events.steps.prefix(step).count { $0.gradNorm != nil }
      #expect(
        try training.runFolder(1).checkpoint(step: step).state().averageUpdates == counted)
    }
    #expect(done > 0)
  }

  @Test("Validations and samples use the average if it is chosen")
  func evaluated() throws {
    try training.addValidationImage("a.png", caption: nil, seed: 11)
    let last: (inout TrainingConfig) -> Void = {
      ($0.checkpointEvery, $0.validateEvery) = (6, 6)
      ($0.sampleEvery, $0.sampleSeeds) = (6, [1])
    }
    try training.train(run: 1, Self.config(last))
    try training.train(
      run: 2,
      Self.config {
        last(&$0)
        $0.evaluate = .ema
      })
    // Runs that begin with the two files, validated and drawn before their first step.
    for (run, weights) in [(3, CheckpointWeights.adapter), (4, .ema)] {
      let file = try training.runFolder(1).checkpoint(step: 6).file(of: weights)
      try training.train(
        run: run,
        Self.config {
          last(&$0)
          ($0.initLora, $0.optimization.ema) = (file.path, nil)
        })
    }
    let losses = try (1...4).map { run in
      let folder = training.runFolder(run)
      let history = try folder.history(of: folder.checkpoint(step: 6).state())
      return history.validation.map(\.loss)
    }
    #expect(losses[0].last == losses[2].first && losses[1].last == losses[3].first)
    #expect(losses[0].last != losses[1].last && losses[0].first == losses[1].first)
    let grids = try (1...4).map { run in
      try [0, 6].map { step in
        try ImageContent(training.runFolder(run).sampleGrid(step: step))
      }
    }
    #expect(grids[0][1] == grids[2][0] && grids[1][1] == grids[3][0])
    #expect(grids[0][1] != grids[1][1] && grids[0][0] == grids[1][0])
  }

  /// The pixels of a picture, without its text.
  private struct ImageContent: Equatable {
    let pixels: [UInt8]

    init(_ file: URL) throws { pixels = try ImageDecoder.decode(contentsOf: file).pixels }
  }

  @Test("An average that is added on a resume is refused; if it is allowed, it begins there")
  func changed() throws {
    try training.train(run: 1, Self.config { $0.optimization.ema = nil }) { events, _ in
      events.steps.last?.step == 3
    }
    let checkpoint = try training.runFolder(1).checkpoint(step: 3)
    let state = try checkpoint.state()
    var setup = try training.setup(Self.config())
    let differences = try setup.differences(from: state)
    #expect(differences.map(\.description) == ["ema: null -> 0.9"])
    #expect(!differences.contains(where: setup.allows))
    setup.allowedChanges = ["ema"]
    #expect(differences.allSatisfy(setup.allows))
    _ = try Trainer(setup, folder: training.runFolder(1)).train(
      from: checkpoint, stopped: { false }, report: { _ in })
    let last = try training.runFolder(1).checkpoint(step: 6)
    #expect(try last.state().averageUpdates == 3)
    // The first of three updates has the adapter of step 4.
    #expect(try values(1, 4, .ema) == values(1, 4, .adapter))
    #expect(throws: CheckpointError.noAverage(folder: checkpoint.url.relativePath)) {
      try checkpoint.verify(.ema)
    }
    #expect(try last.verify(.ema) == ContentHash.of(fileAt: last.file(of: .ema)))
  }

  @Test("A damaged average damages its checkpoint")
  func damaged() throws {
    try training.train(run: 1, Self.config { $0.checkpointEvery = 0 })
    let checkpoint = try training.runFolder(1).checkpoint(step: 6)
    try damageLastByte(of: checkpoint.file(of: .ema))
    #expect(
      throws: CheckpointError.damaged(
        folder: checkpoint.url.relativePath, problem: "the hash of ema.safetensors is wrong")
    ) { try checkpoint.verify() }
  }

  @Test("Another choice of what is evaluated drops the validation losses on a resume, with a note")
  func otherWeights() throws {
    try training.addValidationImage("a.png", caption: nil, seed: 11)
    let config = Self.config { $0.validateEvery = 1 }
    try training.train(run: 1, config) { events, _ in events.steps.last?.step == 3 }
    let state = try training.runFolder(1).checkpoint(step: 3).state()
    var other = config
    other.evaluate = .ema
    let setup = try training.setup(other)
    #expect(try setup.differences(from: state).isEmpty && !setup.keepsValidation(of: state))
    #expect(
      setup.notes(on: state) == [
        "`evaluate` is ema instead of adapter; the validation losses up to step 3 are removed."
      ])
    #expect(try training.setup(config).notes(on: state) == [])
  }

  @Test("An average needs memory: for itself, its copy in a checkpoint, and to draw with it")
  func memory() throws {
    func estimate(_ change: (inout TrainingConfig) -> Void) throws -> MemoryEstimate {
      let config = Self.config {
        ($0.rank, $0.sampleEvery) = (64, 2)
        change(&$0)
      }
      return try MemoryPlan(config, model: ModelDirectory(training.model)).rungs[0].estimate
    }
    let (without, with) = try (estimate { $0.optimization.ema = nil }, estimate { _ in })
    let drawn = try estimate { $0.evaluate = .ema }
    let trained = try training.setup(Self.config { $0.rank = 64 }).trainedParameters()
    // On a CPU, half as much again is memory between tensors.
    #expect(with.steps - without.steps == trained * 4 + trained * 4 + trained * 2)
    #expect(with.samples - without.samples == trained * 4 + trained * 2)
    #expect(drawn.samples - with.samples == trained * 4 && drawn.steps == with.steps)
  }
}

extension TrainingSetup {
  /// The number of trained parameters.
  fileprivate func trainedParameters() throws -> Int {
    try config.adapterMemory(in: UNet2DConditionModel(model.unet)).values
      .reduce(0) { $0 + $1.trained }
  }
}
