import Foundation
import NN
import Options
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Options of loss and noise")
struct ObjectiveOptionsTests {
  private let training: TinyTraining
  private let folder: TemporaryFolder

  init() throws {
    training = try TinyTraining()
    folder = try TemporaryFolder()
  }

  @Test(
    "options that exclude each other are named together",
    arguments: [
      (
        "debiased_estimation: true",
        "debiased_estimation is true, but must be false unless `min_snr_gamma` is null, since the loss has "
          + "one weighting."
      ),
      (
        "p2_gamma: 1",
        "p2_gamma is 1.0, but must be null unless `min_snr_gamma` is null, since the loss has one weighting."
      ),
      (
        "min_snr_gamma: null\np2_gamma: 1\ndebiased_estimation: true",
        "p2_gamma is 1.0, but must be null unless `debiased_estimation` is false, since the loss has one "
          + "weighting."
      ),
      (
        "adaptive_noise_scale: 0.1",
        "adaptive_noise_scale is 0.1, but must be 0 unless `noise_offset` is above 0."
      ),
      (
        "min_timestep: 500\nmax_timestep: 500",
        "max_timestep is 500, but must be above the 500 of `min_timestep`."
      ),
      (
        "timestep_distribution: logit-normal\ntimestep_scale: 0",
        "timestep_scale is 0.0, but must be above 0 with `timestep_distribution` logit-normal."
      ),
      (
        "prediction: epsilon\nzero_terminal_snr: true",
        "zero_terminal_snr is true, but must be false with `prediction` epsilon, since pure noise contains nothing "
          + "of the picture."
      ),
      ("loss: mse", "loss is \"mse\", but must be l2, l1, huber or smooth-l1."),
      (
        "huber_schedule: cosine",
        "huber_schedule is \"cosine\", but must be constant, exponential or snr."
      ),
      (
        "multires_noise_discount: 0",
        "multires_noise_discount is 0.0, but must be above 0 and at most 1."
      ),
    ])
  func conflicts(yaml: String, expected: String) throws {
    try folder.write(yaml, to: "dog.yaml")
    var flags = OptionOverrides<TrainingConfig>()
    flags.set(\.$subject, to: "dog")
    let error = #expect(throws: ConfigError.self) {
      try TrainingConfig.load(flags, folder: folder.url)
    }
    let text = try #require(error).description.replacing("`", with: "")
    #expect(text.hasSuffix(expected.replacing("`", with: "")), "\(text)")
  }

  @Test("each weighting alone is accepted")
  func weightings() throws {
    var options = ObjectiveOptions()
    #expect(TimestepWeighting(options) == .minSNR(gamma: 5))
    options.minSNRGamma = nil
    #expect(TimestepWeighting(options) == .none)
    options.p2Gamma = 0.5
    #expect(TimestepWeighting(options) == .p2(gamma: 0.5))
    options = ObjectiveOptions()
    (options.minSNRGamma, options.debiasedEstimation) = (nil, true)
    #expect(TimestepWeighting(options) == .debiased)
  }

  @Test("options without effect are noted")
  func withoutEffect() throws {
    let setup = try training.setup(
      TinyTraining.config { config in
        config.objective.huberC = 0.2
        config.objective.multiresNoiseDiscount = 0.5
        config.objective.noiseOffsetRandomStrength = true
        config.objective.perturbationRandomStrength = true
        config.objective.timestepBias = 0.1
      })
    let notes = setup.problems.map(\.description)
    for text in [
      "`huber_c` has no effect, since `loss` is l2",
      "`multires_noise_discount` has no effect, since `multires_noise_iterations` is 0",
      "`noise_offset_random_strength` has no effect, since `noise_offset` is 0",
      "`perturbation_random_strength` has no effect, since `input_perturbation` is 0",
      "`timestep_bias` has no effect, since `timestep_distribution` is uniform",
    ] {
      #expect(notes.contains { $0.contains(text) }, "\(text) in \(notes)")
    }
    let plain = try training.setup().problems.map(\.description)
    #expect(!plain.contains { $0.contains("no effect") }, "\(plain)")
  }

  @Test(
    "timesteps beyond those of the model, and pure noise for a model that predicts it, are errors")
  func model() throws {
    func sentence(_ change: (inout ObjectiveOptions) -> Void) -> String {
      TestSupport.sentence {
        _ = try training.setup(TinyTraining.config { change(&$0.objective) })
      }
    }
    #expect(
      sentence { $0.maxTimestep = 1001 }.contains(
        "max_timestep is 1001, but must be at most the 1000 timesteps of this base model"))
    #expect(
      sentence { $0.minTimestep = 1000 }.contains(
        "min_timestep is 1000, but must be below the 1000 timesteps of this base model"))
    #expect(
      sentence { $0.zeroTerminalSNR = true }.contains(
        "zero_terminal_snr is true, but must be false for this base model, which predicts the noise"
      ))
  }

  @Test("the scheduler of samples and the metadata follow the prediction and pure noise")
  func scheduler() throws {
    let config = TinyTraining.config { config in
      config.objective.prediction = .velocity
      config.objective.zeroTerminalSNR = true
      config.objective.minSNRGamma = nil
      config.objective.noiseOffset = 0.05
      config.objective.loss = .smoothL1
      config.sampleEvery = 6
      config.sampleSeeds = [1]
    }
    let setup = try training.setup(config)
    #expect(
      setup.scheduler.predictionType == .vPrediction && setup.scheduler.rescaleBetasZeroSnr
        && setup.scheduler.timestepSpacing == .trailing)
    try training.train(run: 1, config)
    let file = try training.runFolder(1).checkpoint(step: 6).adapter
    let metadata = try SafetensorsFile(contentsOf: file).metadata
    let expected = [
      "modelspec.prediction_type": "v", "ss_loss_type": "smooth_l1", "ss_noise_offset": "0.05",
      "ss_zero_terminal_snr": "True", "ss_min_snr_gamma": "None", "ss_huber_c": "0.1",
      "ss_debiased_estimation": "False", "ss_multires_noise_iterations": "None",
      "ss_multires_noise_discount": "0.3", "ss_ip_noise_gamma": "None",
      "ss_huber_schedule": "snr", "ss_noise_offset_random_strength": "False",
    ]
    for (key, value) in expected { #expect(metadata[key] == value, "\(key)") }

    // The base model's first samples differ from those of its own scheduler.
    var plain = config
    (plain.objective.prediction, plain.objective.zeroTerminalSNR) = (.model, false)
    try training.train(run: 2, plain)
    let grids = try [1, 2].map { try Data(contentsOf: training.runFolder($0).sampleGrid(step: 0)) }
    #expect(grids[0] != grids[1])
    let other = try SafetensorsFile(contentsOf: training.runFolder(2).checkpoint(step: 6).adapter)
      .metadata
    #expect(other["modelspec.prediction_type"] == "epsilon")
    #expect(other["ss_zero_terminal_snr"] == "False")
  }

  @Test("a dropped condition is zeros, for the share of the samples that is asked for")
  func conditioningDropout() throws {
    func zeros(_ share: Double) throws -> Int {
      let setup = try training.setup(
        TinyTraining.config { $0.objective.conditioningDropout = share })
      let data = try PreparedData(setup, checkStop: {}, report: { _ in })
      let source = BatchSource(data, config: setup.config, timesteps: 1000, scale: { $0 })
      return try (0..<60).count { step in
        let batch = try source.pass(step: step, micro: 0).instances
        let isZero = try batch.embeds.abs().max().item() == 0
        #expect(try isZero == (batch.pooled.abs().max().item() == 0))
        return isZero
      }
    }
    #expect(try zeros(0) == 0)
    #expect(try zeros(1) == 60)
    #expect((15...45).contains(try zeros(0.5)))
  }
}
