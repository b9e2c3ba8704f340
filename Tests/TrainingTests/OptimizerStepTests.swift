import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Loss scaling")
struct LossScalerTests {
  @Test("the scale halves after an overflow and doubles after 2000 finite steps in a row")
  func scale() {
    var scaler = LossScaler()
    #expect(scaler.scale == 65536)
    scaler.update(finite: false)
    #expect(scaler.scale == 32768)
    for _ in 0..<1999 { scaler.update(finite: true) }
    scaler.update(finite: false)
    #expect(scaler.scale == 16384)
    for _ in 0..<1999 { scaler.update(finite: true) }
    #expect(scaler.scale == 16384)
    scaler.update(finite: true)
    #expect(scaler.scale == 32768)
  }
}

@Suite("One optimizer step")
struct OptimizerStepTests {
  private let unet: UNet2DConditionModel
  private let trained: [Tensor]
  private let model: ModelDirectory

  init() throws {
    model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    unet = try model.loadUNet()
    trained = try unet.attachAdapters(
      LoRA.self, targets: ["to_q"], settings: AdapterSettings(rank: 1, alpha: 1)
    ) { _ in try Generator(seed: 1) }.flatMap(\.tensors).map(\.tensor)
    for tensor in trained { try tensor.copy(from: .full(tensor.shape, value: 0.1)) }
  }

  static func pass(_ timesteps: [Int] = [500]) throws -> TrainingPass {
    let count = timesteps.count
    let batch = TrainingBatch(
      latents: try Generator(seed: 1).normal([count, 4, 8, 8]),
      noise: try Generator(seed: 2).normal([count, 4, 8, 8]), timesteps: timesteps,
      embeds: try Generator(seed: 3).normal([count, 5, 64]),
      pooled: try Generator(seed: 4).normal([count, 32]),
      timeIds: try .full([count, 6], value: 64), files: timesteps.map { "\($0).png" })
    return TrainingPass(batch)
  }

  private func step(
    scalesLoss: Bool, maxGradientNorm: Double? = 1, rates: [Double] = [1e-4], passes: Int = 1,
    fusion: AdapterFusion? = nil,
    gradientHook: @escaping ([Tensor]) throws -> Void = { _ in }
  ) throws -> OptimizerStep {
    var config = TrainingConfig()
    config.optimization.maxGradientNorm = maxGradientNorm
    config.gradientAccumulation = passes
    let size = trained.count / rates.count
    let groups = rates.enumerated().map { group, rate in
      ParameterGroup(
        rates.count == 1 ? "unet" : "group \(group)",
        (group * size..<(group + 1) * size).map { ("\($0)", trained[$0]) }, learningRate: rate)
    }
    return OptimizerStep(
      unet: unet,
      objective: Objective(schedule: NoiseSchedule(model.scheduler), minSNRGamma: nil),
      pass: { _, _ in try Self.pass() },
      optimizer: try OptimizerKind.standard.optimizer(of: groups, settings: OptimizerSettings()),
      schedule: LearningRateSchedule(.linear, warmupSteps: 0, steps: 2), config: config,
      scalesLoss: scalesLoss, fusion: fusion, gradientHook: gradientHook)
  }

  @Test("passes of one shape use the same tensors on the device, others have their own")
  func inputs() throws {
    let buffers = InputBuffers(on: .cpu)
    let schedule = NoiseSchedule(model.scheduler)
    func place(_ timesteps: [Int], for use: String = "instances") throws -> PassInputs {
      try buffers.place(
        Self.pass(timesteps).instances, for: use, schedule: schedule, thresholds: nil,
        sampleWeights: nil,
        lossScale: 1)
    }
    func tensors(_ inputs: PassInputs) -> [ObjectIdentifier] {
      [
        inputs.latents, inputs.noise, inputs.timesteps, inputs.scales.signal, inputs.scales.sigma,
        inputs.embeds, inputs.pooled, inputs.timeIds, inputs.lossScale,
      ].map { ObjectIdentifier($0) }
    }
    let first = try place([500])
    let alphas = try first.scales.signal.floats()
    let second = try place([300])
    #expect(tensors(first) == tensors(second))
    #expect(try second.timesteps.floats() == [300] && second.scales.signal.floats() != alphas)
    #expect(Set(tensors(second)).isDisjoint(with: tensors(try place([1, 2]))))
    #expect(Set(tensors(second)).isDisjoint(with: tensors(try place([300], for: "class images"))))
  }

  @Test("the error for a loss that is not finite names the samples up to its pass; nothing changes")
  func lossNotFinite() throws {
    let before = try trained.map { try $0.bytes() }
    var config = TrainingConfig()
    config.gradientAccumulation = 3
    let group = ParameterGroup(
      "unet", trained.enumerated().map { ("\($0)", $1) }, learningRate: 1e-4)
    let step = OptimizerStep(
      unet: unet,
      objective: Objective(schedule: NoiseSchedule(model.scheduler), minSNRGamma: nil),
      pass: { _, micro in
        var pass = try Self.pass([100 + micro])
        if micro == 1 {
          pass.instances.noise = try .full(pass.instances.noise.shape, value: .infinity)
        }
        return pass
      },
      optimizer: try OptimizerKind.standard.optimizer(of: [group], settings: OptimizerSettings()),
      schedule: LearningRateSchedule(.constant, warmupSteps: 0, steps: 2), config: config,
      scalesLoss: false)
    var scaler = LossScaler()
    #expect(
      sentence { _ = try step(1, scaler: &scaler, checkStop: {}) }
        == "The loss of step 2 (100.png at timestep 100, 101.png at timestep 101) is not finite; "
        + "lower the learning rate, or train in bf16 or fp32.")
    #expect(try trained.map { try $0.bytes() } == before)
    #expect(try trained.allSatisfy { try $0.grad == nil })
  }

  @Test("scaling the loss changes neither loss nor gradients")
  func scaling() throws {
    var scaler = LossScaler()
    let plain = try step(scalesLoss: false)(0, scaler: &scaler, checkStop: {})
    #expect(scaler == LossScaler())
    for tensor in trained { try tensor.copy(from: .full(tensor.shape, value: 0.1)) }
    let scaled = try step(scalesLoss: true)(0, scaler: &scaler, checkStop: {})
    #expect(scaler != LossScaler() && scaler.scale == 65536)
    #expect(scaled.loss == plain.loss)
    let norms = (try #require(scaled.gradNorm), try #require(plain.gradNorm))
    #expect(abs(norms.0 - norms.1) <= 1e-6 * norms.1)
  }

  @Test("an overflow skips a float16 step and halves the scale; at scale 1 it is an error")
  func overflow() throws {
    let before = try trained.map { try $0.bytes() }
    var scaler = LossScaler()
    let step = try step(scalesLoss: true)
    while scaler.scale > 1 {
      let scale = scaler.scale
      try trained[0].setGrad(.full(trained[0].shape, value: .infinity))
      let report = try step(0, scaler: &scaler, checkStop: {})
      #expect(report.gradNorm == nil && report.loss.isFinite)
      #expect(scaler.scale == scale / 2)
    }
    try trained[0].setGrad(.full(trained[0].shape, value: .nan))
    #expect(
      sentence { _ = try step(6, scaler: &scaler, checkStop: {}) }
        == "The gradients of step 7 (500.png at timestep 500) are not finite; lower the learning "
        + "rate, or train in bf16 or fp32.")
    #expect(try trained.map { try $0.bytes() } == before)
    #expect(try trained.allSatisfy { try $0.grad == nil })
  }

  @Test("without loss scaling, gradients that are not finite are an error at once")
  func gradientsNotFinite() throws {
    var scaler = LossScaler()
    try trained[1].setGrad(.full(trained[1].shape, value: .infinity))
    #expect(throws: TrainingError.self) {
      try step(scalesLoss: false)(0, scaler: &scaler, checkStop: {})
    }
  }

  @Test(
    "a step that is stopped before its second forward pass changes nothing",
    arguments: [false, true])
  func stopped(fused: Bool) throws {
    let before = try trained.map { try $0.bytes() }
    let step = try step(
      scalesLoss: true, passes: 2, fusion: fused ? try unet.fuseAdapters() : nil)
    var scaler = LossScaler()
    var passes = 0
    #expect(throws: StopRequest.self) {
      try step(0, scaler: &scaler) {
        passes += 1
        if passes == 2 { throw StopRequest() }
      }
    }
    #expect(try passes == 2 && trained.map { try $0.bytes() } == before)
    #expect(try trained.allSatisfy { try $0.grad == nil })
    #expect(scaler == LossScaler())
    // Nothing of the first pass is left in the next step.
    let next = try step(0, scaler: &scaler, checkStop: {})
    for tensor in trained { try tensor.copy(from: .full(tensor.shape, value: 0.1)) }
    let fresh = try self.step(
      scalesLoss: true, passes: 2, fusion: fused ? try refusedAdapters() : nil)
    var other = LossScaler()
    #expect(try fresh(0, scaler: &other, checkStop: {}).gradNorm == next.gradNorm)
  }

  /// The adapters fused once more, with their present values.
  private func refusedAdapters() throws -> AdapterFusion {
    unet.setAdapters(
      Dictionary(
        uniqueKeysWithValues: unet.adapters().map { site in
          let tensors = site.adapter.tensors.map(\.tensor)
          return (site.path, LoRA(down: tensors[0], up: tensors[1], scale: 1) as any Adapter)
        }))
    return try unet.fuseAdapters()
  }

  @Test("the next step's first pass is prepared once, and its error thrown when it is taken")
  func upcoming() throws {
    struct Planned: Error {}
    let upcoming = UpcomingPass()
    #expect(try upcoming.take(0, 0) == nil)
    var made: [Int] = []
    upcoming.prepare(3) { step, micro in
      made.append(10 * step + micro)
      return try Self.pass([step])
    }
    #expect(try upcoming.take(3, 0)?.instances.timesteps == [3] && made == [30])
    #expect(try upcoming.take(3, 0) == nil)
    for (step, micro) in [(4, 0), (3, 1)] {
      upcoming.prepare(3) { _, _ in try Self.pass() }
      #expect(try upcoming.take(step, micro) == nil)
      // A step that is repeated after another one makes its pass again.
      #expect(try upcoming.take(3, 0) == nil)
    }
    upcoming.prepare(5) { _, _ in throw Planned() }
    #expect(throws: Planned.self) { try upcoming.take(5, 0) }
    #expect(try upcoming.take(5, 0) == nil)
  }

  @Test("each parameter group has its own learning rate, in the update and in the report")
  func groups() throws {
    var scaler = LossScaler()
    let report = try step(scalesLoss: false, rates: [1e-2, 0])(1, scaler: &scaler, checkStop: {})
    #expect(report.learningRate == 5e-3)
    #expect(report.learningRates == ["group 0": 5e-3, "group 1": 0])
    for (index, tensor) in trained.enumerated() {
      let change = try (tensor.detach() - 0.1).abs().max().item()
      #expect(index < trained.count / 2 ? change > 1e-3 : change == 0, "\(index)")
    }
    #expect(trained.count > 2)
  }

  @Test("a report of one group has the format of older versions, whose reports are read")
  func reports() throws {
    var scaler = LossScaler()
    let report = try step(scalesLoss: false)(0, scaler: &scaler, checkStop: {})
    #expect(report.learningRate == 1e-4 && report.learningRates == nil)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try encoder.encode(report)
    #expect(!String(decoding: json, as: UTF8.self).contains("learning_rates"))
    let old =
      #"{"grad_norm":2,"learning_rate":0.5,"loss":1,"seconds":3,"step":4,"timestep":5}"#
    var read = try JSONDecoder().decode(StepReport.self, from: Data(old.utf8))
    #expect(read.learningRate == 0.5 && read.learningRates == nil)
    #expect(try String(decoding: encoder.encode(read), as: UTF8.self) == old)
    read.learningRates = ["unet": 0.5, "text_encoder": 0.25]
    let both = try String(decoding: encoder.encode(read), as: UTF8.self)
    #expect(both.contains(#""learning_rates":{"text_encoder":0.25,"unet":0.5}"#))
    #expect(try JSONDecoder().decode(StepReport.self, from: Data(both.utf8)) == read)
  }

  @Test("the gradient hook gets unscaled gradients before their norm, and may change them")
  func gradientHook() throws {
    var scaler = LossScaler()
    var calls = 0
    var seen = 0.0
    let report = try step(scalesLoss: true) { gradients in
      calls += 1
      seen = try Tensor.norm(of: gradients).item()
      try Tensor.scale(gradients, by: 0.5)
    }(0, scaler: &scaler, checkStop: {})
    #expect(calls == 1)
    for tensor in trained { try tensor.copy(from: .full(tensor.shape, value: 0.1)) }
    let plain = try step(scalesLoss: false)(0, scaler: &scaler, checkStop: {})
    let (norm, own) = (try #require(report.gradNorm), try #require(plain.gradNorm))
    #expect(abs(seen - own) <= 1e-6 * own)
    #expect(abs(norm - own / 2) <= 1e-6 * own)
  }

  @Test("an error of the gradient hook ends a step and changes nothing")
  func failingHook() throws {
    let before = try trained.map { try $0.bytes() }
    var scaler = LossScaler()
    let step = try step(scalesLoss: true) { _ in throw StopRequest() }
    #expect(throws: StopRequest.self) { try step(0, scaler: &scaler, checkStop: {}) }
    #expect(try trained.map { try $0.bytes() } == before)
    #expect(try trained.allSatisfy { try $0.grad == nil })
    #expect(scaler == LossScaler())
  }

  @Test("min-SNR weights each sample by its own timestep")
  func minSNR() throws {
    let schedule = NoiseSchedule(model.scheduler)
    func loss(_ timesteps: [Int], gamma: Double?) throws -> Double {
      try noGrad {
        try Objective(schedule: schedule, minSNRGamma: gamma)
          .loss(of: Self.pass(timesteps), by: unet).total.item()
      }
    }
    for timestep in [10, 500, 990] {
      let weight = Double(min(1, 5 / schedule.snr(timestep)))
      let plain = try loss([timestep], gamma: nil)
      #expect(abs(try loss([timestep], gamma: 5) - weight * plain) <= 1e-6 * plain)
    }
    #expect(schedule.snr(10) > 5 && schedule.snr(990) < 5)
    #expect(try loss([10, 990], gamma: 5) < loss([10, 990], gamma: nil))
    #expect(try abs(loss([10, 990], gamma: 1e9) - loss([10, 990], gamma: nil)) < 1e-6)
  }
}
