import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import DreamBooth

@Suite("Loss scaling")
struct LossScalerTests {
  @Test("halves after an overflow and doubles after 2000 good steps in a row")
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
    trained = try unet.attachLoRA(targets: ["to_q"], rank: 1, alpha: 1) { _ in
      try Generator(seed: 1)
    }.flatMap(\.tensors).map(\.tensor)
    for tensor in trained { try tensor.copy(from: .full(tensor.shape, value: 0.1)) }
  }

  private static func pass(_ timesteps: [Int] = [500]) throws -> TrainingPass {
    let count = timesteps.count
    let batch = TrainingBatch(
      latents: try Generator(seed: 1).normal([count, 4, 8, 8]),
      noise: try Generator(seed: 2).normal([count, 4, 8, 8]), timesteps: timesteps,
      embeds: try Generator(seed: 3).normal([count, 5, 64]),
      pooled: try Generator(seed: 4).normal([count, 32]),
      timeIds: try .full([count, 6], value: 64), files: timesteps.map { "\($0).png" })
    return TrainingPass(batch)
  }

  private func step(scalesLoss: Bool, maxGradientNorm: Double? = 1) throws -> OptimizerStep {
    var config = TrainingConfig()
    config.maxGradientNorm = maxGradientNorm
    return OptimizerStep(
      unet: unet,
      objective: Objective(schedule: NoiseSchedule(model.scheduler), minSNRGamma: nil),
      pass: { _, _ in try Self.pass() }, trained: trained,
      optimizer: try AdamW(
        trained.enumerated().map { ("\($0)", $1) }, settings: AdamW.Settings()),
      learningRate: LearningRateSchedule(.constant, warmupSteps: 0, steps: 1), config: config,
      scalesLoss: scalesLoss)
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

  @Test("an overflow leaves a float16 step out and halves the scale, until there is none left")
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

  @Test("gradients that are not finite end a step without loss scaling at once")
  func gradientsNotFinite() throws {
    var scaler = LossScaler()
    try trained[1].setGrad(.full(trained[1].shape, value: .infinity))
    #expect(throws: TrainingError.self) {
      try step(scalesLoss: false)(0, scaler: &scaler, checkStop: {})
    }
  }

  @Test("a step that is ended before its second forward pass has changed nothing")
  func stopped() throws {
    let before = try trained.map { try $0.bytes() }
    var scaler = LossScaler()
    #expect(throws: StopRequest.self) {
      try step(scalesLoss: true)(0, scaler: &scaler) { throw StopRequest() }
    }
    #expect(try trained.map { try $0.bytes() } == before)
    #expect(scaler == LossScaler())
  }

  @Test("min-SNR weighs each sample by its own timestep")
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
