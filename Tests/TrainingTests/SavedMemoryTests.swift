import Foundation
import TestSupport
import Testing
import Torch

@testable import NN
@testable import StableDiffusion
@testable import Training

/// The memory that a forward pass keeps for its backward pass. The model has SDXL's structure at
/// 1024 px, with a fifth of its channels. All but a few numbers that are kept grow in proportion to
/// the channels.
@Suite("Memory kept for a backward pass")
struct SavedMemoryTests {
  private static let fraction = 5

  /// SDXL's structure with narrow layers.
  static func configuration() -> UNetConfiguration {
    var configuration = LaunchCountTests.configuration()
    configuration.blockOutChannels = [64, 128, 256]
    configuration.attentionHeadDim = [1, 2, 4]
    configuration.crossAttentionDim = [512, 512, 512]
    return configuration
  }

  /// GiB that the forward pass of the full model would keep, at 1024 px in bfloat16.
  private func kept(batch: Int, checkpointing: Bool) throws -> Double {
    let unet = UNet2DConditionModel(Self.configuration())
    let generator = try Generator(seed: 1)
    for (_, parameter) in unet.parameters() {
      parameter.bind(try (generator.normal(parameter.shape) * 0.02).to(.bfloat16))
    }
    _ = try unet.attachAdapters(
      LoRA.self, targets: ["to_q", "to_k", "to_v", "to_out.0"],
      settings: AdapterSettings(rank: 3, alpha: 3)
    ) { try Generator(seed: UInt64($0)) }
    _ = try unet.fuseAdapters()
    unet.setGradientCheckpointing(checkpointing)
    let inputs = try [[batch, 4, 128, 128], [batch, 77, 512], [batch, 32], [batch, 6]]
      .map { try generator.normal($0).to(.bfloat16) }
    let (_, bytes, peak) = try countingMemory {
      try unet(
        inputs[0], timestep: Tensor([Float(500)], shape: [1]), encoderHiddenStates: inputs[1],
        addedConditioning: AddedConditioning(
          textEmbeds: inputs[2], timeIds: inputs[3].to(.float32)))
    }
    let gibibytes = Double(bytes * Self.fraction) / Double(1 << 30)
    print(
      "kept at batch \(batch), checkpointing \(checkpointing): \(gibibytes) GiB, peak \(Double(peak * Self.fraction) / Double(1 << 30))"
    )
    return gibibytes
  }

  @Test("is at most 3.7 GiB at 1024 px in bfloat16")
  func bound() throws {
    let plain = try withoutProcessorKernels { try kept(batch: 1, checkpointing: false) }
    #expect(plain <= 3.7)
    #expect(plain > 3)
  }

  @Test("is at most 0.45 GiB with gradient checkpointing")
  func checkpointing() throws {
    let recomputed = try withoutProcessorKernels { try kept(batch: 1, checkpointing: true) }
    #expect(recomputed <= 0.45)
    #expect(recomputed > 0.2)
  }
}
