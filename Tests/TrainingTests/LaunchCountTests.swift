import Foundation
import TestSupport
import Testing
import Torch

@testable import NN
@testable import StableDiffusion
@testable import Training

/// Bounds on the work that a training step queues on its device. The model has SDXL's structure, and
/// so its operations, with narrow layers. The operations are those of a GPU.
@Suite("Launches of a step")
struct LaunchCountTests {
  private static let targets = ["to_q", "to_k", "to_v", "to_out.0"]

  static func configuration() -> UNetConfiguration {
    var configuration = UNetConfiguration()
    configuration.blockOutChannels = [16, 32, 64]
    configuration.downBlockTypes = [.plain, .crossAttention, .crossAttention]
    configuration.upBlockTypes = [.crossAttention, .crossAttention, .plain]
    configuration.layersPerBlock = [2, 2, 2]
    configuration.transformerLayersPerBlock = [1, 2, 10]
    configuration.attentionHeadDim = [1, 2, 4]
    configuration.crossAttentionDim = [64, 64, 64]
    configuration.normNumGroups = 8
    configuration.useLinearProjection = true
    configuration.additionEmbedType = .textTime
    configuration.additionTimeEmbedDim = 8
    configuration.projectionClassEmbeddingsInputDim = 80
    return configuration
  }

  /// A step over a random model, and how often it waits for the device.
  private func step(
    _ dtype: DType, checkpointing: Bool, averages: Bool = false
  ) throws -> (counts: [String: Int], waits: Int) {
    let unet = UNet2DConditionModel(Self.configuration())
    let generator = try Generator(seed: 1)
    for (_, parameter) in unet.parameters() {
      parameter.bind(try (generator.normal(parameter.shape) * 0.02).to(dtype))
    }
    let sites = try unet.attachAdapters(
      LoRA.self, targets: Self.targets, settings: AdapterSettings(rank: 16, alpha: 16)
    ) { try Generator(seed: UInt64($0)) }
    let fusion = try unet.fuseAdapters()
    unet.setGradientCheckpointing(checkpointing)
    let group = ParameterGroup("unet", sites.flatMap(\.tensors), learningRate: 1e-4)
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    let tensors = group.parameters.map(\.tensor)
    let ema = averages ? try EMA(of: tensors, settings: EMA.Settings(decay: 0.9)) : nil
    let step = OptimizerStep(
      unet: unet,
      objective: Objective(schedule: NoiseSchedule(model.scheduler), minSNRGamma: 5),
      pass: { _, _ in try OptimizerStepTests.pass() },
      optimizer: try OptimizerKind.standard.optimizer(of: [group], settings: OptimizerSettings()),
      schedule: LearningRateSchedule(.constant, warmupSteps: 0, steps: 9), ema: ema,
      config: TrainingConfig(), scalesLoss: false, fusion: fusion)
    var scaler = LossScaler()
    _ = try step(0, scaler: &scaler, checkStop: {})
    let waits = Backend.waitCount
    let counts = try withoutProcessorKernels {
      try countingOperations { _ = try step(1, scaler: &scaler, checkStop: {}) }
    }
    return (counts, Backend.waitCount - waits)
  }

  @Test(
    "stay below their bounds, and the step waits for the device once", arguments: [false, true])
  func bound(checkpointing: Bool) throws {
    // In float32 the attention of short sequences is one operation, as it is on a GPU.
    let (counts, waits) = try step(.float32, checkpointing: checkpointing)
    let total = counts.values.reduce(0, +)
    print("\(total) operations in a step, gradient checkpointing \(checkpointing ? "on" : "off"):")
    for (name, count) in counts.sorted(by: { $0.value > $1.value }) { print("  \(count) \(name)") }
    #expect(total <= (checkpointing ? 7500 : 5000))
    #expect(total > 3000)
    #expect(waits == 1)
  }

  @Test("An average of all trained tensors is one operation, and waits for nothing")
  func average() throws {
    for dtype in [DType.float32, .bfloat16] {
      let (counts, waits) = try step(dtype, checkpointing: false, averages: true)
      let (others, _) = try step(dtype, checkpointing: false)
      #expect(counts["aten::lerp_"] == 1 && others["aten::lerp_"] == nil)
      #expect(counts.values.reduce(0, +) == others.values.reduce(0, +) + 1)
      #expect(waits == 1)
    }
  }

  @Test("Half precision casts no matrix of an adapter by itself")
  func casts() throws {
    let (counts, waits) = try step(.bfloat16, checkpointing: false)
    #expect(counts["aten::_to_copy", default: 0] <= 12)
    #expect(waits == 1)
  }
}
