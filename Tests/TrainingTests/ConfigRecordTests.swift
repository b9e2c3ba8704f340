import Drawing
import Foundation
import NN
import Options
import TestSupport
import Testing

@testable import Training

@Suite("Recorded configuration")
struct ConfigRecordTests {
  @Test("the record is always the same text and is read as the same configuration")
  func record() throws {
    var config = TrainingConfig()
    config.subject = "dog"
    config.objective.minSNRGamma = nil
    config.optimization.learningRate = 0.1 + 0.2
    config.device = .cuda(3)
    config.model = "a/b \"c\" 犬"
    let json = try config.recordJSON()
    #expect(try config.recordJSON() == json)
    #expect(
      json.hasPrefix("{\"adafactor_relative_step\":false,\"adafactor_scale_parameter\":false,"))
    #expect(!json.contains("\n"))
    #expect(try JSONDecoder().decode(TrainingConfig.self, from: Data(json.utf8)) == config)
  }

  @Test("an option that a record lacks has its default; one that is null stays null")
  func incompleteRecord() throws {
    var config = TrainingConfig()
    config.subject = "dog"
    config.optimization.maxGradientNorm = nil
    let options = try #require(
      JSONSerialization.jsonObject(with: Data(config.recordJSON().utf8)) as? [String: Any])
    #expect(options.keys.sorted() == TrainingConfig.schema.options.map(\.key).sorted())
    let read = { (options: [String: Any]) in
      try JSONDecoder().decode(
        TrainingConfig.self, from: JSONSerialization.data(withJSONObject: options))
    }
    for key in options.keys where key != "subject" && key != "max_gradient_norm" {
      var fewer = options
      fewer[key] = nil
      #expect(try read(fewer) == config, "\(key)")
    }
    #expect(try read([:]) == TrainingConfig())
  }

  @Test("options of adafactor that earlier versions recorded do not keep other runs from resuming")
  func adafactor() throws {
    var (old, new) = (TrainingConfig(), TrainingConfig())
    old.optimization.adafactorRelativeStep = true
    old.optimization.adafactorScaleParameter = true
    #expect(new.differencesForbiddenOnResume(from: old).isEmpty)
    (old.optimization.optimizer, new.optimization.optimizer) = (.adafactor, .adafactor)
    #expect(
      new.differencesForbiddenOnResume(from: old).map(\.key).sorted() == [
        "adafactor_relative_step", "adafactor_scale_parameter",
      ])
    (old, new) = (TrainingConfig(), TrainingConfig())
    new.optimization.prodigyD0 = 1e-3
    #expect(new.differencesForbiddenOnResume(from: old).isEmpty)
    (old.optimization.optimizer, new.optimization.optimizer) = (.prodigy, .prodigy)
    #expect(new.differencesForbiddenOnResume(from: old).map(\.key) == ["prodigy_d0"])
  }

  @Test("flags change only their own options of a record")
  func overridden() throws {
    var config = TrainingConfig()
    config.subject = "dog"
    config.rank = 4
    var flags = OptionOverrides<TrainingConfig>()
    flags.set(\.$threads, to: 3)
    var expected = config
    expected.threads = 3
    #expect(try config.overridden(by: flags) == expected)
    flags.set(\.$threads, to: 0)
    #expect(
      sentence { _ = try config.overridden(by: flags) }
        == "`threads` is 0, but must be a whole number from 1 to 1024.")
  }

  @Test("differences name the option, the old and the new value")
  func differences() {
    let old = TrainingConfig()
    var new = old
    #expect(new.differences(from: old) == [])
    new.rank = 32
    new.objective.minSNRGamma = nil
    new.adaptation.targets = LayerTargets(["to_q", "to_v"])
    new.device = .cpu
    #expect(
      new.differences(from: old).map(\.description) == [
        "rank: 16 -> 32", "targets: [attention] -> [to_q, to_v]",
        "min_snr_gamma: 5 -> null", "device: auto -> cpu",
      ])
  }

  @Test("a resume may change sampling, checkpoints, paths and, at a constant rate, the steps")
  func resume() {
    var old = TrainingConfig()
    var new = old
    new.steps = 2000
    new.checkpointEvery = 10
    new.keepLast = 3
    new.keepEvery = 100
    new.sampleEvery = 0
    new.samplePrompts = ["x"]
    new.sampleSteps = 5
    new.sampleGuidance = 1
    new.sampleSeeds = [1]
    new.dataset = "elsewhere"
    new.model = "elsewhere"
    #expect(new.differencesForbiddenOnResume(from: old) == [])

    new.seed = 7
    new.optimization.learningRate = 2e-4
    #expect(
      new.differencesForbiddenOnResume(from: old).map(\.description) == [
        "seed: 42 -> 7", "learning_rate: 0.0001 -> 0.0002",
      ])

    old.optimization.learningRateSchedule = .cosine
    new = old
    new.steps = 2000
    #expect(
      new.differencesForbiddenOnResume(from: old).map(\.description)
        == ["steps: 1000 -> 2000"])
  }

  @Test(
    "threads are a difference on a CPU only; CPU and GPU are different, two GPUs are not")
  func machine() {
    func forbidden(_ change: (inout TrainingConfig) -> Void, on device: DeviceChoice) -> [String] {
      var old = TrainingConfig()
      old.device = device
      old.threads = 8
      var new = old
      change(&new)
      return new.differencesForbiddenOnResume(from: old).map(\.description)
    }
    #expect(forbidden({ $0.threads = 2 }, on: .cpu) == ["threads: 8 -> 2"])
    #expect(forbidden({ $0.threads = 2 }, on: .cuda(0)) == [])
    #expect(forbidden({ $0.deterministic = true }, on: .cpu) == [])
    #expect(
      forbidden({ $0.deterministic = true }, on: .cuda(0)) == ["deterministic: false -> true"])
    #expect(forbidden({ $0.device = .cuda(1) }, on: .cuda(0)) == [])
    #expect(forbidden({ $0.device = .cpu }, on: .cuda(0)) == ["device: cuda:0 -> cpu"])
    #expect(forbidden({ $0.device = .cuda(0) }, on: .cpu) == ["device: cpu -> cuda:0"])
  }

  @Test("options of class images are a difference only with class images; rank and layers always")
  func classImages() {
    func forbidden(
      _ before: (inout TrainingConfig) -> Void = { _ in }, _ change: (inout TrainingConfig) -> Void
    ) -> [String] {
      var old = TrainingConfig()
      before(&old)
      var new = old
      change(&new)
      return new.differencesForbiddenOnResume(from: old).map(\.key)
    }
    func settings(_ config: inout TrainingConfig) {
      config.priorWeight = 2
      config.priorSteps = 3
      config.classPrompts = ["a dog"]
    }
    #expect(forbidden { settings(&$0) } == [])
    #expect(forbidden { $0.priorImages = 4 } == ["prior_images"])
    #expect(
      forbidden({ $0.priorImages = 4 }, { settings(&$0) })
        == ["class_prompts", "prior_weight", "prior_steps"])
    func found(_ config: inout TrainingConfig) {
      config.priorImages = 4
      config.priorFolder = "dogs"
    }
    #expect(forbidden({ found(&$0) }, { settings(&$0) }) == ["prior_weight"])
    #expect(forbidden({ found(&$0) }, { $0.priorFolder = "cats" }) == [])
    #expect(forbidden({ found(&$0) }, { $0.priorFolder = nil }) == ["prior_folder"])
    #expect(
      TrainingConfig.schema.options.filter(\.isFixed).map(\.key) == [
        "rank", "adapter", "targets", "exclude_targets", "layer_ranks", "lokr_factor",
        "lokr_decompose_both", "init_lora", "optimizer", "prodigy_d0", "train_text_encoders",
        "text_encoder_targets",
        "embedding_tokens", "embedding_init", "train_unet",
      ])
  }

  @Test("a record of an older version is read: hold_out is validation_images")
  func formerName() throws {
    let record = Data("{\"subject\":\"dog\",\"hold_out\":2,\"keep_last\":null}".utf8)
    var expected = TrainingConfig()
    expected.subject = "dog"
    expected.validationImages = 2
    #expect(try JSONDecoder().decode(TrainingConfig.self, from: record) == expected)
  }
}
