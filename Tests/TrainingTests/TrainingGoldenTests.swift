import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Five steps compared with PyTorch and peft")
struct TrainingGoldenTests {
  /// The options of a fixture's training.
  struct Reference: Decodable {
    let rank: Int
    let alpha: Double
    let gradientAccumulation: Int
    let minSnrGamma: Double?
    let predictionType: String
    let learningRate: Double
    let betas: [Double]
    let epsilon: Double
    let weightDecay: Double
    let maxGradNorm: Double
    let classCount: Int?
    let priorWeight: Double?
    let preservesOutput: Bool?
    let loss: String?
    let huberSchedule: String?
    let huberC: Double?
    let huberScale: Double?
    let debiased: Bool?
    let p2Gamma: Double?
    let zeroTerminalSnr: Bool?

    /// The options of the loss.
    func set(_ config: inout TrainingConfig) throws {
      config.priorWeight = priorWeight ?? 1
      let name = loss?.replacing("_", with: "-") ?? "l2"
      config.objective.loss = try #require(LossKind(rawValue: name))
      config.objective.huberSchedule = huberSchedule.flatMap(HuberSchedule.init) ?? .snr
      config.objective.huberC = huberC ?? config.objective.huberC
      config.objective.huberScale = huberScale ?? config.objective.huberScale
      config.objective.minSNRGamma = minSnrGamma
      config.objective.debiasedEstimation = debiased ?? false
      config.objective.p2Gamma = p2Gamma
      config.objective.zeroTerminalSNR = zeroTerminalSnr ?? false
      config.objective.prediction = predictionType == "v_prediction" ? .velocity : .epsilon
    }
  }

  static let names = [
    "epsilon", "epsilon-min-snr", "v-prediction-min-snr", "accumulation", "prior-min-snr",
    "output-preservation", "huber-noise", "smooth-l1-debiased-v-zero-snr", "l1-p2",
  ]

  @Test(
    "losses, gradient norms and the final adapter are equal, fused as in a training and plain",
    arguments: names,
    [
      (fused: true, rung: MemoryRung(nil)), (true, MemoryRung(.feedForward)),
      (true, MemoryRung(.blocks)), (true, MemoryRung(.blocks, .offloaded, offloadedShare: 0.5)),
      (true, MemoryRung(.blocks, .offloaded)), (false, MemoryRung(nil)),
      (false, MemoryRung(.feedForward)), (false, MemoryRung(.blocks)),
      (false, MemoryRung(.blocks, .offloaded)),
    ])
  func training(name: String, form: (fused: Bool, rung: MemoryRung)) throws {
    try Self.compare(name, form.rung, fused: form.fused)
  }

  @Test(
    "they are equal with passes that are recorded and repeated",
    arguments: names,
    [
      (fused: true, rung: MemoryRung(nil)), (true, MemoryRung(.feedForward)),
      (true, MemoryRung(.blocks)), (false, MemoryRung(nil)), (false, MemoryRung(.blocks)),
    ])
  func recorded(name: String, form: (fused: Bool, rung: MemoryRung)) throws {
    try withoutProcessorKernels {
      try Self.compare(name, form.rung, fused: form.fused, recorded: true)
    }
  }

  /// Trains on a device, and expects the reference's losses, norms and final adapter within `tolerance`.
  static func compare(
    _ name: String, _ rung: MemoryRung, fused: Bool = true, recorded: Bool = false,
    on device: Device = .cpu, tolerance: Double = 1e-5
  ) throws {
    let golden = try Golden("training/\(name)")
    let reference = try golden.config(as: Reference.self)
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    let unet = try model.loadUNet(device: device, storage: rung.storage)
    var config = TrainingConfig()
    try reference.set(&config)
    config.gradientAccumulation = reference.gradientAccumulation
    config.optimization.maxGradientNorm = reference.maxGradNorm

    let sites = try unet.attachAdapters(
      LoRA.self, targets: config.adaptation.targets.patterns,
      settings: AdapterSettings(rank: reference.rank, alpha: reference.alpha)
    ) { _ in try Generator(seed: 0) }
    let fusion = fused ? try unet.fuseAdapters() : nil
    unet.setGradientCheckpointing(rung.checkpointing)
    let trained = sites.flatMap(\.tensors)
    let initial = try Golden("training/initial-adapter")
    for (name, tensor) in trained { try tensor.copy(from: initial.tensor("unet.\(name)")) }
    try fusion?.refresh()

    let scheduler = config.objective.scheduler(of: model.scheduler)
    let graphs =
      recorded ? PassGraphs(on: device, trained: trained.map(\.tensor), isRoomy: true) : nil
    let step = OptimizerStep(
      unet: unet,
      objective: Objective(config, schedule: NoiseSchedule(scheduler), device: device),
      pass: { try Self.pass(golden, reference, step: $0, micro: $1) },
      optimizer: try OptimizerKind.adamW.optimizer(
        of: [ParameterGroup("unet", trained, learningRate: reference.learningRate)],
        settings: OptimizerSettings(
          beta1: reference.betas[0], beta2: reference.betas[1], epsilon: reference.epsilon,
          weightDecay: reference.weightDecay)),
      schedule: LearningRateSchedule(.constant, warmupSteps: 0, steps: 5), config: config,
      scalesLoss: false, fusion: fusion, graphs: graphs)

    var scaler = LossScaler()
    let losses = try golden.tensor("out.losses").doubles()
    let norms = try golden.tensor("out.grad_norms").doubles()
    let parts = try ["instance", "prior"].map { name in
      try reference.classCount.map { _ in try golden.tensor("out.\(name)_losses").doubles() }
    }
    for index in losses.indices {
      let report = try step(index, scaler: &scaler, checkStop: {})
      #expect(abs(report.loss - losses[index]) <= tolerance * losses[index])
      for (part, expected) in zip([report.instanceLoss, report.priorLoss], parts) {
        guard let expected = expected?[index] else {
          #expect(part == nil)
          continue
        }
        #expect(abs(try #require(part) - expected) <= tolerance * expected)
      }
      let norm = try #require(report.gradNorm)
      #expect(abs(norm - norms[index]) <= tolerance * norms[index])
    }
    for (name, tensor) in trained {
      let expected = try golden.tensor("final.unet.\(name)")
      let difference = try relativeDifference(tensor.detach(), expected)
      #expect(difference <= tolerance, "\(name)")
    }
    #expect(losses.count == 5 && trained.count == 272)
    if let graphs { #expect(graphs.count == 1) }
  }

  private static func pass(
    _ golden: Golden, _ reference: Reference, step: Int, micro: Int
  ) throws -> TrainingPass {
    let classCount = reference.classCount ?? 0
    let count = try golden.tensor("in.timesteps").shape[2]
    func batch(_ places: Range<Int>) throws -> TrainingBatch {
      func input(_ name: String) throws -> Tensor {
        try golden.tensor("in.\(name)").select(dim: 0, index: step).select(dim: 0, index: micro)
          .narrow(dim: 0, start: places.lowerBound, length: places.count)
      }
      return TrainingBatch(
        latents: try input("latents"), noise: try input("noise"),
        inputNoise: golden.has("in.input_noise") ? try input("input_noise") : nil,
        timesteps: try input("timesteps").int64s().map { Int($0) },
        embeds: try input("prompt_embeds"), pooled: try input("pooled_embeds"),
        timeIds: try input("time_ids").to(.float32), files: places.map { _ in "golden" })
    }
    let others = classCount > 0 ? try batch(count - classCount..<count) : nil
    let preserves = reference.preservesOutput == true
    return TrainingPass(
      try batch(0..<count - classCount), classImages: preserves ? nil : others,
      preserved: preserves ? others : nil)
  }
}
