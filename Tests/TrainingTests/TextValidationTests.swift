import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Validation loss of trained texts")
struct TextValidationTests {
  private let training: TinyTraining

  /// Every caption has the word that may get vectors.
  init() throws {
    training = try TinyTraining()
    let captions = [
      "subject.yaml": "trigger: sks-toy\nclass_word: dog\n", "0.txt": "a photo of sks-toy",
      "1.txt": "sks-toy on the beach",
    ]
    for (name, text) in captions {
      try Data(text.utf8).write(to: training.dataset.appending(path: name))
    }
    try training.addValidationImage("a.png", caption: "a small sks-toy on a table", seed: 11)
  }

  /// What is trained of the texts' side.
  enum Part: String, CaseIterable, Sendable {
    case first
    case second
    case both
    case vectors

    /// The text encoders that get adapters.
    var encoders: TextEncoderChoice? {
      switch self {
      case .first: .first
      case .second: .second
      case .both: .both
      case .vectors: nil
      }
    }
  }

  /// A training of four steps that changes texts only: the UNet's rate is 0.
  private static func config(_ part: Part, rate: Double, stopAt: Double? = nil) -> TrainingConfig {
    TinyTraining.config { config in
      config.steps = 4
      config.validateEvery = 1
      config.optimization.learningRate = 0
      config.optimization.weightDecay = 0
      config.text.trainTextEncoders = part.encoders
      config.text.textEncoderStopAt = stopAt
      if part == .vectors {
        config.text.embeddingTokens = 2
        config.text.embeddingLearningRate = rate
      } else {
        config.text.textEncoderLearningRate = EncoderRates("\(rate)")
      }
    }
  }

  /// The validations before the first step and after each: those of the training, and those of its
  /// UNet with the embeddings of the caches. Their numbers of steps are left out.
  private func validations(
    _ config: TrainingConfig
  ) throws -> (live: [ValidationReport], cached: [ValidationReport]) {
    let setup = try training.setup(config)
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    let live = try AdapterTraining(setup, data: data, from: nil)
    let withoutText = ValidationLoss(
      data, schedule: NoiseSchedule(setup.scheduler), config: setup.config, device: setup.device,
      scale: AutoencoderKL(setup.model.vae).scaled)
    let cached = try #require(withoutText)
    var reports: (live: [ValidationReport], cached: [ValidationReport]) = ([], [])
    for step in 0...config.steps {
      if step > 0 { _ = try live.advance(checkStop: {}) }
      var report = try #require(try live.validate(checkStop: {}))
      #expect(report.step == step)
      report.step = 0
      reports.live.append(report)
      reports.cached.append(try cached(live.unet, step: 0, checkStop: {}))
    }
    return reports
  }

  /// Whether two losses differ by more than rounding.
  private func differ(_ a: ValidationReport, _ b: ValidationReport) -> Bool {
    abs(a.loss - b.loss) > 1e-5 * b.loss
  }

  @Test(
    "It is that of the trained encoders or vectors, not of the embeddings in the caches",
    arguments: Part.allCases)
  func trained(_ part: Part) throws {
    let (live, cached) = try validations(Self.config(part, rate: 0.05))
    // The UNet stays as it is, so only texts can make a difference.
    #expect(cached.allSatisfy { $0 == cached[0] })
    // New adapters change nothing yet, while a new word has other vectors than its letters.
    #expect(differ(live[0], cached[0]) == (part == .vectors))
    #expect(differ(live[4], cached[0]) && differ(live[4], live[0]))
    // No step reads embeddings of the step before.
    for losses in [live.map(\.loss), live.compactMap(\.trainingLoss)] {
      #expect(Set(losses).count == 5 && losses.allSatisfy(\.isFinite), "\(losses)")
    }
  }

  @Test(
    "With rates of 0 for UNet and text encoders it stays the same to the bit",
    arguments: [Part.first, .second, .both])
  func rateOfZero(_ part: Part) throws {
    let (live, _) = try validations(Self.config(part, rate: 0))
    #expect(live.count == 5 && live.allSatisfy { $0 == live[0] })
  }

  @Test("It stays the same to the bit after text_encoder_stop_at", arguments: Part.allCases)
  func stopped(_ part: Part) throws {
    let (live, cached) = try validations(Self.config(part, rate: 0.05, stopAt: 2))
    #expect(Set(live.prefix(3).map(\.loss)).count == 3)
    #expect(live[3] == live[2] && live[4] == live[2])
    #expect(differ(live[2], cached[0]))
  }

  @Test("Words beyond the vectors, and a stop beyond the end, are noted")
  func notes() throws {
    var config = Self.config(.vectors, rate: 0.05, stopAt: 9)
    config.text.embeddingInit = "a box"
    config.text.embeddingTokens = 1
    let notes = try training.setup(config).problems.map { "\($0)" }
    #expect(
      notes.contains("`text_encoder_stop_at` has no effect, since the run ends at step 4")
    )
    #expect(
      notes.contains {
        $0.hasPrefix("`embedding_init` has ") && $0.contains("the first one starts a vector; raise")
      }, "\(notes)")
    config.text.embeddingInit = "a very very very very very very very very big box"
    let more = try training.setup(config).problems.map { "\($0)" }
    #expect(more.contains { $0.hasSuffix("starts a vector; use fewer words") }, "\(more)")
  }

  @Test("A share of the steps that rounds to none is one step")
  func smallShare() {
    #expect(Self.config(.first, rate: 0.05, stopAt: 0.01).textEncoderStop == 1)
    #expect(Self.config(.first, rate: 0.05, stopAt: 0.5).textEncoderStop == 2)
  }
}
