public import StableDiffusion
import Torch

/// What adapters change in the outputs of a model on a fixed input, and how far other adapters are
/// from that: the check of a file that was written.
public struct AdapterComparison: Sendable, Equatable {
  /// The largest difference between the outputs with the two adapters.
  public let difference: Double
  /// The largest change of the output by the first adapters.
  public let change: Double

  /// The difference as a part of the change.
  public var relative: Double { change == 0 ? difference : difference / change }

  /// Runs the UNet in float32 on the CPU with each of the adapters, and the text encoders that the
  /// adapters belong to. Throws `WeightsError`, `TorchError`, `TextEncoderError`.
  public init(_ first: LayerAdapters, _ second: LayerAdapters, on model: ModelDirectory) throws {
    let parts = Set((first.keys.map(\.part) + second.keys.map(\.part)))
    var largest = (difference: 0.0, change: 0.0)
    for part in [ModelDirectory.Component.unet, .textEncoder, .textEncoder2]
    where part == .unet || parts.contains(part) {
      let output = try Self.outputs(of: part, model)
      let (base, one, other) = (
        try output(.none), try output(AdapterSet(first)), try output(AdapterSet(second))
      )
      largest.difference = max(largest.difference, try (one - other).abs().max().item())
      largest.change = max(largest.change, try (one - base).abs().max().item())
    }
    (difference, change) = largest
  }

  /// A part's output with adapters.
  private static func outputs(
    of part: ModelDirectory.Component, _ model: ModelDirectory
  ) throws -> (AdapterSet) throws -> Tensor {
    switch part {
    case .textEncoder:
      let encoder = try model.loadTextEncoder()
      return { adapters in
        try adapters.attach(to: encoder, as: part)
        return try noGrad { try encoder([Self.tokens]).penultimate }
      }
    case .textEncoder2:
      let encoder = try model.loadTextEncoder2()
      return { adapters in
        try adapters.attach(to: encoder, as: part)
        return try noGrad { try encoder([Self.tokens]).penultimate }
      }
    default:
      let unet = try model.loadUNet()
      let input = try FixedInput(model)
      return { adapters in
        try adapters.attach(to: unet, as: part)
        return try noGrad { try input.prediction(of: unet) }
      }
    }
  }

  /// Arbitrary token ids.
  private static let tokens = Array(0..<77)
}

/// Noise as latents and embeddings, the same for every call.
private struct FixedInput {
  let latents: Tensor
  let embeds: Tensor
  let conditioning: AddedConditioning

  init(_ model: ModelDirectory) throws {
    let generator = try Generator(seed: 0)
    // Every level of the UNet but the first halves the latents.
    let side = 2 << model.unet.blockOutChannels.count
    latents = try generator.normal([1, model.unet.inChannels, side, side])
    embeds = try generator.normal([1, 77, model.unet.crossAttentionDim[0]])
    conditioning = AddedConditioning(
      textEmbeds: try generator.normal([1, model.textEncoder2.projectionDim]),
      timeIds: try .full([1, model.requiresAestheticsScore ? 5 : 6], value: Double(8 * side)))
  }

  func prediction(of unet: UNet2DConditionModel) throws -> Tensor {
    try unet(
      latents, timestep: Tensor.full([1], value: 500), encoderHiddenStates: embeds,
      addedConditioning: conditioning)
  }
}
