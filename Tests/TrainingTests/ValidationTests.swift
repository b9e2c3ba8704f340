import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Training

@Suite("Validation loss")
struct ValidationTests {
  private let training: TinyTraining

  /// Two validation images beside the three that are trained on.
  init() throws {
    training = try TinyTraining()
    try training.addValidationImage(
      "a.png", width: 64, height: 96, caption: "sks dog, asleep", seed: 11)
    try training.addValidationImage("b.png", width: 80, height: 64, caption: nil, seed: 12)
  }

  /// Evaluates every four steps.
  private static func config(_ change: (inout TrainingConfig) -> Void = { _ in }) -> TrainingConfig
  {
    TinyTraining.config { config in
      config.validateEvery = 4
      change(&config)
    }
  }

  private func history(_ run: Int, step: Int = 6) throws -> TrainingHistory {
    let folder = training.runFolder(run)
    return try folder.history(of: folder.checkpoint(step: step).state())
  }

  private func recorded(_ run: Int, step: Int = 6) throws -> [ValidationReport] {
    try history(run, step: step).validation
  }

  @Test("it is the mean over images and eight timesteps, calculated here one by one")
  func value() throws {
    let setup = try training.setup(Self.config { $0.batchSize = 3 })
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    let live = try AdapterTraining(setup, data: data, from: nil)
    for _ in 0..<2 { _ = try live.advance(checkStop: {}) }
    let found = try #require(try live.validate(checkStop: {}))
    #expect(found.step == 2)

    let schedule = NoiseSchedule(setup.model.scheduler)
    var sums = Array(repeating: 0.0, count: 8)
    for (number, sizes) in [[96, 64, 16, 0, 64, 64], [64, 80, 0, 8, 64, 64]].enumerated() {
      let sample = data.validation[number]
      let text = try data.texts.embedding(sample.text)
      let posterior = try data.latents.latents(of: sample.view).posterior
      let latents = try posterior.mean * setup.model.vae.scalingFactor
      for (k, timestep) in [62, 187, 312, 437, 562, 687, 812, 937].enumerated() {
        let seed = CounterRandom.value(
          seed: 42, step: k, sample: number, purpose: .validationNoise)
        let noise = try Generator(seed: seed).normal([1, 4, 8, 8])
        let alpha = Double(schedule.alphasCumprod[timestep])
        let noisy = try latents * alpha.squareRoot() + noise * (1 - alpha).squareRoot()
        let prediction = try noGrad {
          try live.unet(
            noisy, timestep: Tensor([Float(timestep)], shape: [1]),
            encoderHiddenStates: text.embeds,
            addedConditioning: AddedConditioning(
              textEmbeds: text.pooled,
              timeIds: Tensor(sizes.map { Float($0) }, shape: [1, 6])))
        }
        sums[k] += try (prediction - noise).square().mean().item()
      }
    }
    let bands = try #require(found.bands)
    #expect(zip(bands, sums).allSatisfy { abs($0 - $1 / 2) <= 1e-5 * $0 })
    #expect(abs(found.loss - sums.reduce(0, +) / 16) <= 1e-5 * found.loss)
  }

  @Test(
    "two evaluations without training in between are equal to the bit; training changes the loss")
  func fixedNoise() throws {
    let setup = try training.setup(Self.config())
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    func untouched() throws -> ValidationReport? {
      try AdapterTraining(setup, data: data, from: nil).validate(checkStop: {})
    }
    let first = try #require(try untouched())
    #expect(try untouched() == first)
    let live = try AdapterTraining(setup, data: data, from: nil)
    #expect(try live.validate(checkStop: {}) == first)
    #expect(try live.validate(checkStop: {}) == nil)
    _ = try live.advance(checkStop: {})
    _ = try live.advance(checkStop: {})
    let trained = try #require(try live.validate(checkStop: {}))
    #expect(trained.loss != first.loss && trained.loss.isFinite)
  }

  @Test("it is reported and recorded at step 0, every validate_every steps and after the last")
  func events() throws {
    let (_, events) = try training.train(run: 1, Self.config())
    let reported = events.compactMap { event in
      if case .validation(let report) = event { report } else { nil }
    }
    #expect(reported.map(\.step) == [0, 4, 6])
    #expect(try recorded(1) == reported)
  }

  @Test("validate_every 0 switches it off, and so does a dataset without the folder")
  func off() throws {
    for run in 1...2 {
      let (_, events) = try training.train(
        run: run, Self.config { $0.validateEvery = run == 1 ? 0 : 4 })
      #expect(!events.contains { if case .validation = $0 { true } else { false } })
      #expect(try recorded(run).isEmpty)
      #expect(try training.runFolder(run).checkpoint(step: 6).state().validation == nil)
      if run == 1 {
        try FileManager.default.removeItem(at: training.dataset.appending(path: "validation"))
      }
    }
  }

  @Test("validation images are not trained on, and evaluating them does not change training")
  func apart() throws {
    let setup = try training.setup(Self.config())
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    #expect(
      (0..<3).map { data.instances.samples(step: $0, micro: 0)[0].file }.sorted()
        == ["0.png", "1.png", "2.png"])
    #expect(data.validation.map(\.file) == ["validation/a.png", "validation/b.png"])
    #expect(setup.identity.images.count == 3 && setup.identity.validation?.count == 2)
    #expect(
      setup.problems.map(\.description).filter { !$0.contains("cut off") } == [
        "2.png: no caption in a .txt file of the same name, \"a photo of dog\" is used",
        "validation/b.png: no caption in a .txt file of the same name, \"a photo of dog\" is used",
      ])

    let (_, with) = try training.train(run: 1, Self.config())
    let (_, without) = try training.train(run: 2, Self.config { $0.validateEvery = 0 })
    #expect(with.steps.map(\.loss) == without.steps.map(\.loss))
    let adapters = try [1, 2].map {
      try Data(contentsOf: training.runFolder($0).checkpoint(step: 6).adapter)
    }
    #expect(adapters[0] == adapters[1])
  }

  @Test("a run stopped after any step or during an evaluation ends with the same values, each once")
  func resume() throws {
    try training.train(run: 1, Self.config())
    let straight = try recorded(1)
    for (run, stops) in [(2, [1, 3, 5]), (3, [2, 4])] {
      try training.train(run: run, Self.config(), stoppedAfter: stops)
      #expect(try recorded(run) == straight, "stopped after steps \(stops)")
    }
    // Between the forward passes of the evaluation after step 4.
    let (outcome, events) = try training.train(run: 7, Self.config()) { events, asked in
      events.steps.count == 4 && asked == 3
    }
    #expect(outcome == .stopped(step: 4))
    #expect(
      !events.contains { if case .validation(let report) = $0 { report.step == 4 } else { false } })
    #expect(try recorded(7, step: 4).map(\.step) == [0])
    try training.train(run: 7, Self.config(), from: training.runFolder(7).checkpoint(step: 4))
    #expect(try recorded(7) == straight)
  }

  @Test(
    "stopped in the last evaluation, all steps are saved; a resume only evaluates and saves that")
  func lastEvaluation() throws {
    try training.train(run: 1, Self.config())
    let straight = try recorded(1)
    let adapter = try Data(contentsOf: training.runFolder(1).checkpoint(step: 6).adapter)
    let (outcome, events) = try training.train(run: 2, Self.config()) { events, asked in
      events.steps.count == 6 && asked == 3
    }
    #expect(outcome == .stopped(step: 6))
    #expect(events.checkpoints == [6])
    #expect(try recorded(2).map(\.step) == [0, 4])
    let rest = try training.train(
      run: 2, Self.config(), from: training.runFolder(2).checkpoint(step: 6))
    #expect(rest.outcome == .finished)
    #expect(rest.events.steps.isEmpty && rest.events.checkpoints == [6])
    #expect(try recorded(2) == straight)
    #expect(try Data(contentsOf: training.runFolder(2).checkpoint(step: 6).adapter) == adapter)
    let again = try training.train(
      run: 2, Self.config(), from: training.runFolder(2).checkpoint(step: 6))
    #expect(again.events.checkpoints.isEmpty, "nothing is left to save")
  }

  @Test("a value that a resume adds is saved, even if no step follows")
  func stoppedAfterResume() throws {
    try training.train(run: 1, Self.config()) { events, asked in
      events.steps.count == 4 && asked == 3
    }
    try training.train(run: 1, Self.config(), from: training.runFolder(1).checkpoint(step: 4)) {
      events, _ in
      events.contains { if case .validation(let report) = $0 { report.step == 4 } else { false } }
    }
    #expect(try recorded(1, step: 4).map(\.step) == [0, 4])
  }

  @Test("with other validation images the losses so far are dropped; switched off, they are kept")
  func swapped() throws {
    try training.train(run: 1, Self.config { $0.steps = 2 })
    let checkpoint = try training.runFolder(1).checkpoint(step: 2)
    try training.train(run: 1, Self.config { $0.validateEvery = 0 }, from: checkpoint)
    let off = try training.runFolder(1).checkpoint(step: 6)
    #expect(try recorded(1).map(\.step) == [0, 2])
    try training.addValidationImage("b.png", caption: "another", seed: 14)
    #expect(try !training.setup(Self.config()).keepsValidation(of: off.state()))
    try training.train(run: 1, Self.config { $0.steps = 8 }, from: off)
    let state = try training.runFolder(1).checkpoint(step: 8).state()
    #expect(try recorded(1, step: 8).map(\.step) == [8])
    #expect(try history(1, step: 8).steps.map(\.step) == Array(1...8))
    #expect(try training.setup(Self.config()).keepsValidation(of: state))
  }

  @Test("folders of validation images that are not used are noted")
  func unused() throws {
    func notes(_ change: (inout TrainingConfig) -> Void) throws -> [String] {
      try training.setup(Self.config(change)).problems.map(\.description).filter {
        $0.contains("not evaluated") || $0.contains("not read")
      }
    }
    #expect(try notes { _ in } == [])
    #expect(
      try notes { $0.validateEvery = 0 } == [
        "validation: not evaluated, since validate_every is 0"
      ])
    #expect(
      try notes { config in
        config.validateEvery = 0
        config.validationDataset = "elsewhere"
      } == ["elsewhere, validation: not evaluated, since validate_every is 0"])
    let former = training.dataset.appending(path: "held-out")
    try FileManager.default.createDirectory(at: former, withIntermediateDirectories: true)
    #expect(
      try notes { $0.validateEvery = 0 } == [
        "validation, held-out: not evaluated, since validate_every is 0"
      ])
    let own = training.dataset.path + "/validation"
    #expect(
      try notes { config in
        config.validateEvery = 0
        config.validationDataset = own
      } == ["\(own), held-out: not evaluated, since validate_every is 0"])
    try FileManager.default.removeItem(at: former)
    let other = training.folder.url.appending(path: "other")
    try FileManager.default.copyItem(
      at: training.dataset.appending(path: "validation"), to: other)
    try FileManager.default.createDirectory(
      at: other.appending(path: "validation"), withIntermediateDirectories: true)
    #expect(
      try notes { $0.validationDataset = other.path } == [
        "other/validation: folders inside are not read",
        "validation: not read, since validation_dataset is another folder",
      ])
    #expect(
      try notes { $0.validationDataset = training.dataset.path + "/validation/" } == [])
  }

  @Test("a folder of the former name is read, unless one of the present name exists")
  func formerName() throws {
    let (present, former) = (
      training.dataset.appending(path: "validation"), training.dataset.appending(path: "held-out")
    )
    try FileManager.default.moveItem(at: present, to: former)
    let setup = try training.setup(Self.config())
    #expect(setup.validation?.images.map(\.name) == ["a.png", "b.png"])
    #expect(!setup.problems.contains { "\($0)".contains("held-out: ") })

    try FileManager.default.copyItem(at: former, to: present)
    #expect(
      try training.setup(Self.config()).problems.map(\.description)
        .contains("held-out: not read, since validation exists too"))
  }

  @Test("the error for a folder without images names how many there should be")
  func empty() throws {
    let folder = training.dataset.appending(path: "validation")
    try FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    #expect(
      sentence { _ = try training.setup(Self.config()) }.hasSuffix(
        "dog/validation contains no image; put 2 to 5 images of the subject there that "
          + "are not trained on, or set `validate_every: 0`."))
  }

  @Test("a value that is not finite ends the training; the error names file, timestep and step")
  func notFinite() throws {
    let message = sentence {
      try training.train(
        run: 1,
        Self.config { config in
          config.optimization.learningRate = 1e30
          config.validateEvery = 1
        })
    }
    #expect(
      message
        == "The validation loss of validation/a.png at timestep 62 is not finite after step 1; "
        + "lower the learning rate, or train in bf16 or fp32.")
    #expect(training.runFolder(1).checkpoints.map(\.step) == [1])
  }

  @Test("another folder can be set; one that does not exist is an error")
  func folder() throws {
    let other = training.folder.url.appending(path: "other")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    try training.writeImage("../other/c.png", width: 64, height: 64, seed: 13)
    let setup = try training.setup(Self.config { $0.validationDataset = other.path })
    #expect(setup.validation?.images.map(\.name) == ["c.png"])
    #expect(
      sentence { _ = try training.setup(Self.config { $0.validationDataset = "none" }) }
        == "There is no folder none; give `validation_dataset` a folder with validation images.")
    let link = training.folder.url.appending(path: "link")
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "gone")
    #expect(
      sentence { _ = try training.setup(Self.config { $0.validationDataset = link.path }) }
        == "\(link.path) is a link to gone, which does not exist; mount its disk, or correct the link."
    )
  }

  @Test("an image that is also trained on is noted, and so are changed validation images")
  func notes() throws {
    try training.train(run: 1, Self.config { $0.steps = 2 })
    let state = try training.runFolder(1).checkpoint(step: 2).state()
    #expect(try training.setup(Self.config()).notes(on: state) == [])
    try Data(contentsOf: training.dataset.appending(path: "1.png")).write(
      to: training.dataset.appending(path: "validation/b.png"))
    let setup = try training.setup(Self.config())
    #expect(
      setup.problems.map(\.description).contains(
        "validation/b.png: the same image is trained on, so its loss does not show over-fitting"))
    #expect(try setup.differences(from: state) == [])
    #expect(
      setup.notes(on: state).map(withoutHashes) == [
        "The validation images have changed (validation image b.png: content # -> #); the "
          + "validation losses up to step 2 are removed."
      ])
    var never = state
    never.identity.validation = nil
    #expect(setup.notes(on: never) == [])
  }
}
