import Datasets
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
    // Of noise that is predicted where there is nothing else, sd-scripts has only min-SNR.
    let isComplete = prediction == .velocity || !zeroSNR
    for (kind, weighting) in weightings where isComplete || kind == "min-snr" {
      let expected = try golden.tensor("out.\(kind).\(name)").floats()
      let weights = try #require(weighting.weights(timesteps, schedule))
      for (weight, expected) in zip(weights, expected) {
        #expect(abs(weight - expected) <= 2e-5 * abs(expected), "\(kind)")
      }
    }
    if isComplete {
      let alphas = timesteps.map { schedule.alphasCumprod[$0] }
      #expect(
        try relativeDifference(
          Tensor(alphas, shape: [alphas.count]), golden.tensor("out.alphas.\(name)")) <= 1e-6)
      #expect((alphas.last == 0) == zeroSNR)
    }
    #expect(TimestepWeighting.none.weights(timesteps, schedule) == nil)
  }

  @Test(
    "noise of every form, alone and together, is sd-scripts', and so are noisy latents",
    arguments: [
      "offset", "offset-random", "offset-adaptive", "multires", "perturbation",
      "perturbation-random", "all",
    ])
  func noise(name: String) throws {
    let golden = try Golden("objective/noise")
    var options = ObjectiveOptions()
    switch name {
    case "offset", "offset-random": options.noiseOffset = 0.3
    case "offset-adaptive": (options.noiseOffset, options.adaptiveNoiseScale) = (0.05, -0.4)
    case "multires": (options.multiresNoiseIterations, options.multiresNoiseDiscount) = (8, 0.7)
    case "all":
      (options.noiseOffset, options.multiresNoiseIterations) = (0.3, 3)
      options.inputPerturbation = 0.2
    default: options.inputPerturbation = 0.2
    }
    options.noiseOffsetRandomStrength = name == "offset-random"
    options.perturbationRandomStrength = name == "perturbation-random"
    var draws = 0
    let sample = SampleDraws(
      normal: { _ in
        { shape in
          let draw = try golden.tensor("in.\(name).normal.\(draws)")
          #expect(draw.shape == shape)
          draws += 1
          return draw
        }
      },
      share: { purpose, layer in
        guard purpose == .multiresolutionNoise else {
          return (try? golden.tensor("in.\(name).share.0").doubles()[0]) ?? .nan
        }
        let shares = (try? golden.tensor("in.\(name).ratios").doubles()) ?? []
        // The reference stops at a side of 1 and draws no more.
        return layer < shares.count ? shares[layer] : 0
      })
    let latents = try golden.tensor("in.\(name).latents")
    let (target, input) = try SampleNoise(options, seed: 0).noise(on: latents, sample)
    #expect(!golden.names.contains("in.\(name).normal.\(draws)"))
    #expect(try relativeDifference(target, golden.tensor("out.\(name).noise")) <= 1e-5)
    #expect((input != nil) == (options.inputPerturbation > 0))
    let timestep = try Int(golden.tensor("in.timesteps").int64s()[0])
    let noisy = try schedule().addNoise(
      to: latents, noise: input ?? target, timesteps: [timestep])
    #expect(try relativeDifference(noisy, golden.tensor("out.\(name).noisy")) <= 1e-5)
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
