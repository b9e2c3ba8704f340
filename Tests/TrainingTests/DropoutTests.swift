import NN
import Options
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters
@testable import Training

@Suite("Trainings with dropouts and limited norms")
struct DropoutTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  private func losses(
    run: Int, _ change: (inout TrainingConfig) -> Void
  ) throws -> [Double] {
    try training.train(run: run, TinyTraining.config(change)).events.steps.map(\.loss)
  }

  @Test("Each pass has draws of its own, and another seed has others")
  func draws() throws {
    // Nothing is learnt, and only what is drawn differs: a part of PiSSA's first product is not zero.
    func losses(run: Int, seed: UInt64 = 1, dropout: Double = 0.5) throws -> [Double] {
      try self.losses(run: run) { config in
        config.adaptation.adapterInitialization = .pissa
        config.adaptation.adapterDropout = dropout
        config.optimization.learningRate = 0
        config.seed = seed
      }
    }
    let plain = try losses(run: 1, dropout: 0)
    let dropped = try losses(run: 2)
    let changes = zip(plain, dropped).map { abs($1 - $0) / $0 }
    #expect(changes.allSatisfy { $0 > 1e-4 }, "\(changes)")
    #expect(try losses(run: 3) == dropped)
  }

  @Test("Each accumulated pass leaves out something else")
  func passes() throws {
    let model = try ModelDirectory(training.model)
    let unet = try model.loadUNet()
    let sites = try unet.attachAdapters(
      LoRA.self, targets: ["to_q"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    let dropout = AdapterDropout(DropoutRates(values: 0.5))
    dropout.apply(to: unet)
    let group = ParameterGroup("unet", sites.flatMap(\.tensors), learningRate: 0)
    // The same samples in each pass, so that only the draws differ.
    func gradients(step index: Int, accumulation: Int) throws -> [Float] {
      var gradients: [Float] = []
      var step = OptimizerStep(
        unet: unet,
        objective: Objective(schedule: NoiseSchedule(model.scheduler), minSNRGamma: nil),
        pass: { _, _ in try OptimizerStepTests.pass() },
        optimizer: try OptimizerKind.standard.optimizer(of: [group], settings: OptimizerSettings()),
        schedule: LearningRateSchedule(.constant, warmupSteps: 0, steps: 4),
        config: TinyTraining.config { $0.gradientAccumulation = accumulation }, scalesLoss: false)
      step.dropout = dropout
      step.gradientHook = { gradients = try $0.flatMap { try $0.floats() } }
      var scaler = LossScaler()
      _ = try step(index, scaler: &scaler, checkStop: {})
      #expect(dropout.seeds == nil)
      return gradients
    }
    func difference(_ a: [Float], _ b: [Float]) -> Float {
      zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / (b.map(abs).max() ?? 0)
    }
    let first = try gradients(step: 0, accumulation: 1)
    #expect(try gradients(step: 0, accumulation: 1) == first)
    #expect(try difference(gradients(step: 1, accumulation: 1), first) > 0.01)
    #expect(try difference(gradients(step: 0, accumulation: 2), first) > 0.01)
  }

  @Test("Samples and validations use the whole adapter")
  func whole() throws {
    try training.addValidationImage("v.png", caption: "a dog", seed: 5)
    func validation(run: Int, dropout: Double) throws -> [Double] {
      try training.train(
        run: run,
        TinyTraining.config { config in
          config.adaptation.adapterInitialization = .pissa
          (config.adaptation.adapterDropout, config.adaptation.rankDropout) = (dropout, dropout)
          config.optimization.learningRate = 0
          config.validateEvery = 2
          (config.sampleEvery, config.sampleSeeds) = (6, [7])
        }
      ).events.compactMap { event in
        if case .validation(let report) = event { report.loss } else { nil }
      }
    }
    let losses = try validation(run: 1, dropout: 0)
    #expect(losses.count > 2)
    // The unfused form differs by rounding.
    for (whole, plain) in zip(try validation(run: 2, dropout: 0.5), losses) {
      #expect(abs(whole - plain) < 1e-5 * plain)
    }
  }

  @Test("No adapter's change is above the limit after a step", arguments: AdapterMethod.allCases)
  func limit(method: AdapterMethod) throws {
    let limit = 0.01
    let config = TinyTraining.config { config in
      config.adaptation.adapter = method
      config.adaptation.scaleWeightNorms = limit
      config.optimization.learningRate = 0.1
    }
    try training.train(run: 1, config)
    let model = try ModelDirectory(training.model)
    let layers = try AdapterFile(
      contentsOf: training.runFolder(1).checkpoint(step: 6).adapter
    ).adapters(for: AdaptableLayers(model), strength: 1, device: .cpu)
    let unet = try model.loadUNet()
    try layers.attach(to: unet, as: .unet)
    let norms = try unet.adapters().map { path, adapter in
      let update = (adapter as? DoRA)?.update ?? adapter
      let shape = try #require(unet.adaptableLayers().first { $0.path == path }).shape
      return try update.delta(of: .zeros(shape)).square().sum().sqrt().item()
    }
    #expect(norms.count > 20)
    #expect(norms.allSatisfy { $0 < limit * 1.0001 }, "\(norms.max() ?? 0)")
    #expect(norms.contains { $0 > limit * 0.99 })
  }

  @Test("Impossible shares and combinations are named")
  func refused() throws {
    func error(_ change: (inout TrainingConfig) -> Void) throws -> String {
      let config = TinyTraining.config(change)
      do {
        try config.validate()
        return ""
      } catch let error as ConfigError {
        return "\(error)"
      }
    }
    for share in [-0.1, 1.0] {
      #expect(try error { $0.adaptation.rankDropout = share }.contains("rank_dropout"))
    }
    #expect(try error { $0.adaptation.scaleWeightNorms = 0 }.contains("scale_weight_norms"))
    #expect(
      try error { config in
        config.adaptation.scaleWeightNorms = 1
        config.optimization.optimizer = .scheduleFreeAdamW
      }.contains("adamw-schedule-free"))
    #expect(
      try error { config in
        config.adaptation.scaleWeightNorms = 1
        config.adaptation.adapterInitialization = .pissa
      }.contains("pissa"))
  }
}
