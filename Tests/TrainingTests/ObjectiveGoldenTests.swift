import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Errors, weights, noise and timesteps compared with sd-scripts and OneTrainer")
struct ObjectiveGoldenTests {
  private let scheduler: SchedulerConfiguration

  init() throws {
    scheduler = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl")).scheduler
  }

  private func schedule(
    _ prediction: PredictionChoice = .epsilon, zeroSNR: Bool = false
  ) -> NoiseSchedule {
    var options = ObjectiveOptions()
    options.prediction = prediction
    options.zeroTerminalSNR = zeroSNR
    return NoiseSchedule(options.scheduler(of: scheduler))
  }

  private struct Huber: Decodable {
    let huberC: Double
    let huberScale: Double
  }

  @Test(
    "every kind of error has sd-scripts' values and gradients",
    arguments: LossKind.allCases, HuberSchedule.allCases)
  func losses(kind: LossKind, shape: HuberSchedule) throws {
    let golden = try Golden("objective/losses")
    let reference = try golden.config(as: Huber.self)
    let name = "\(kind.rawValue.replacing("-", with: "_")).\(shape)"
    let isPlain = kind == .l1 || kind == .l2
    guard !isPlain || shape == .constant else { return }
    let prediction = try golden.tensor("in.prediction")
    try prediction.setRequiresGrad(true)
    let loss = LossFunction(
      kind, huberC: reference.huberC, huberScale: reference.huberScale, huberSchedule: shape)
    let thresholds = loss.thresholds(
      try golden.tensor("in.timesteps").int64s().map { Int($0) }, schedule())
    #expect((thresholds == nil) == isPlain)
    let error = try loss(
      prediction, golden.tensor("in.target"),
      threshold: thresholds.map { try Tensor($0, shape: [$0.count, 1, 1, 1]) })
    try error.mean().backward()
    #expect(try relativeDifference(error.detach(), golden.tensor("out.\(name)")) <= 1e-6)
    let gradient = try #require(try prediction.grad)
    #expect(try relativeDifference(gradient, golden.tensor("grad.\(name)")) <= 1e-6)
  }

  @Test(
    "the weights of timesteps are theirs, also where the last timestep is pure noise",
    arguments: [
      ("epsilon", PredictionChoice.epsilon, false), ("epsilon.zero-snr", .epsilon, true),
      ("v_prediction", .velocity, false), ("v_prediction.zero-snr", .velocity, true),
    ])
  func weights(name: String, prediction: PredictionChoice, zeroSNR: Bool) throws {
    struct Gammas: Decodable {
      let minSnrGamma: Double
      let p2Gamma: Double
    }
    let golden = try Golden("objective/weights")
    let gammas = try golden.config(as: Gammas.self)
    let timesteps = try golden.tensor("in.timesteps").int64s().map { Int($0) }
    let schedule = schedule(prediction, zeroSNR: zeroSNR)
    let weightings: [(String, TimestepWeighting)] = [
      ("min-snr", .minSNR(gamma: gammas.minSnrGamma)), ("debiased", .debiased),
      ("p2", .p2(gamma: gammas.p2Gamma)),
    ]
    for (kind, weighting) in weightings where golden.has("out.\(kind).\(name)") {
      let expected = try golden.tensor("out.\(kind).\(name)").floats()
      let weights = try #require(weighting.weights(timesteps, schedule))
      for (weight, expected) in zip(weights, expected) {
        #expect(abs(weight - expected) <= 2e-5 * abs(expected), "\(kind)")
      }
    }
    if golden.has("out.alphas.\(name)") {
      let alphas = timesteps.map { schedule.alphasCumprod[$0] }
      #expect(
        try relativeDifference(
          Tensor(alphas, shape: [alphas.count]), golden.tensor("out.alphas.\(name)")) <= 1e-6)
      #expect((alphas.last == 0) == zeroSNR)
    }
    #expect(TimestepWeighting.none.weights(timesteps, schedule) == nil)
  }

  @Test("a shift of the noise is sd-scripts', with a fixed, a random and an adaptive strength")
  func offset() throws {
    let golden = try Golden("objective/noise")
    for (name, most, adaptive) in [
      ("offset", 0.3, 0), ("offset-random", 0.3, 0), ("offset-adaptive", 0.05, -0.4),
    ] {
      let share =
        name == "offset-random" ? try golden.tensor("in.\(name).share.0").doubles()[0] : 1
      let noise = try SampleNoise.offset(
        golden.tensor("in.\(name).normal.0"), by: golden.tensor("in.\(name).normal.1"),
        strength: most * share, adaptiveScale: adaptive,
        latents: golden.tensor("in.\(name).latents"))
      let expected = try golden.tensor("out.\(name).noise")
      #expect(try relativeDifference(noise, expected) <= 1e-6, "\(name)")
    }
  }

  @Test("multi-resolution noise is sd-scripts', until a layer has a side of 1")
  func multiresolution() throws {
    let golden = try Golden("objective/noise")
    let shares = try golden.tensor("in.multires.ratios").doubles()
    // The reference stops early.
    let ratios = (shares + Array(repeating: 0, count: 8 - shares.count)).map { 2 + 2 * $0 }
    var layers = 0
    let noise = try MultiresolutionNoise.adding(
      to: golden.tensor("in.multires.normal.0"), ratios: ratios, discount: 0.7
    ) { shape in
      layers += 1
      let draw = try golden.tensor("in.multires.normal.\(layers)")
      #expect(draw.shape == shape)
      return draw
    }
    #expect(layers == shares.count && layers < 8 && layers > 2)
    #expect(try relativeDifference(noise, golden.tensor("out.multires.noise")) <= 1e-5)
  }

  @Test("noise in the input alone, and all forms together, give sd-scripts' noisy latents")
  func perturbation() throws {
    let golden = try Golden("objective/noise")
    let timestep = try Int(golden.tensor("in.timesteps").int64s()[0])
    func noisy(_ name: String, _ noise: Tensor) throws -> Tensor {
      try schedule().addNoise(
        to: golden.tensor("in.\(name).latents"), noise: noise, timesteps: [timestep])
    }
    for name in ["perturbation", "perturbation-random"] {
      let share =
        name == "perturbation" ? 1 : try golden.tensor("in.\(name).share.0").doubles()[0]
      let noise = try golden.tensor("in.\(name).normal.0")
      let input = try noise + golden.tensor("in.\(name).normal.1") * (0.2 * share)
      #expect(try noise.bytes() == golden.tensor("out.\(name).noise").bytes())
      #expect(
        try relativeDifference(noisy(name, input), golden.tensor("out.\(name).noisy")) <= 1e-6)
    }
    var noise = try SampleNoise.offset(
      golden.tensor("in.all.normal.0"), by: golden.tensor("in.all.normal.1"), strength: 0.3,
      adaptiveScale: 0, latents: golden.tensor("in.all.latents"))
    var layer = 1
    noise = try MultiresolutionNoise.adding(
      to: noise, ratios: golden.tensor("in.all.ratios").doubles().map { 2 + 2 * $0 },
      discount: 0.3
    ) { _ in
      layer += 1
      return try golden.tensor("in.all.normal.\(layer)")
    }
    #expect(try relativeDifference(noise, golden.tensor("out.all.noise")) <= 1e-5)
    let input = try noise + golden.tensor("in.all.normal.\(layer + 1)") * 0.2
    #expect(try relativeDifference(noisy("all", input), golden.tensor("out.all.noisy")) <= 1e-5)
  }

  @Test(
    "timesteps follow OneTrainer's curve, and its logit-normal numbers",
    arguments: [
      "rising", "falling",
    ])
  func timesteps(name: String) throws {
    struct Distribution: Decodable {
      let weight: Double
      let bias: Double
      let deviation: Double
    }
    struct Both: Decodable {
      let rising: Distribution
      let falling: Distribution
    }
    let golden = try Golden("objective/timesteps")
    let both = try golden.config(as: Both.self)
    let reference = name == "rising" ? both.rising : both.falling
    var options = ObjectiveOptions()
    (options.minTimestep, options.maxTimestep) = (100, 900)
    options.timestepDistribution = .sigmoid
    (options.timestepScale, options.timestepBias) = (reference.weight, reference.bias)
    let curve = TimestepSampler.curve(800, scale: reference.weight, bias: reference.bias)
    let expected = try golden.tensor("out.sigmoid.\(name)").doubles()
    #expect(curve.count == expected.count)
    #expect(zip(curve, expected).allSatisfy { abs($0 - $1) <= 1e-5 * $1 })
    // The share of draws up to a timestep is the curve's.
    let sampler = TimestepSampler(options, count: 1000)
    let total = expected.reduce(0, +)
    var sum = 0.0
    for (place, height) in expected.enumerated() {
      let middle = (sum + height / 2) / total
      #expect(sampler.timestep(share: middle) == 100 + place)
      sum += height
    }

    options.timestepDistribution = .logitNormal
    options.timestepScale = reference.deviation
    let bell = TimestepSampler(options, count: 1000)
    let normals = try golden.tensor("in.normals").doubles()
    let places = try golden.tensor("out.logit-normal.\(name)").int64s().map { Int($0) }
    #expect(normals.map { bell.timestep(normal: $0) } == places)
  }
}
