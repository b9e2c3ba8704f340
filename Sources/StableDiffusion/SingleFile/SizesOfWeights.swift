import Foundation
import NN
import Torch

/// The sizes of a model from the shapes of its weights, because single-file checkpoints contain no
/// configuration. Everything else takes the value in SDXL's published configurations.
struct SizesOfWeights {
  /// Channels of a head in every attention of SDXL.
  private static let headSize = 64

  private let source: WeightSource

  init(_ source: WeightSource) { self.source = source }

  /// Whether a tensor exists.
  func has(_ name: String) -> Bool { source.shape(of: name) != nil }

  /// Whether a tensor is a convolution's weight.
  func isConvolution(_ name: String) -> Bool { source.shape(of: name)?.count == 4 }

  /// A tensor's size along one dimension. Throws `WeightsError.noTensor`.
  func side(_ index: Int, of name: String) throws -> Int {
    guard let shape = source.shape(of: name), shape.indices.contains(index) else {
      throw WeightsError.noTensor(file: source.url.relativePath, name: name)
    }
    return shape[index]
  }

  /// The number of tensors in the sequence `name(0)`, `name(1)` and so on.
  func count(_ name: (Int) -> String) -> Int { (0...).first { !has(name($0)) } ?? 0 }

  /// The number of heads in an attention of a width.
  func heads(_ width: Int) throws(ModelError) -> Int {
    try check(width, divides: Self.headSize)
    return width / Self.headSize
  }

  /// Throws `ModelError` unless a width is a multiple of `divisor`, as all of SDXL's are.
  func check(_ width: Int, divides divisor: Int) throws(ModelError) {
    guard width > 0, width.isMultiple(of: divisor) else {
      throw .invalid(
        path: source.url.relativePath,
        problem: "a layer is \(width) wide, which is not a multiple of \(divisor)",
        advice: "put its configurations into the folder "
          + "\(SingleFileCheckpoint.configurations(of: source.url).relativePath), in "
          + "diffusers' layout without the weights")
    }
  }
}

extension CLIPTextConfiguration {
  /// A text encoder with these weights, under transformers' names. The activation does not follow
  /// from the weights: without a projection it is the first encoder's, else the second's.
  init(_ sizes: SizesOfWeights) throws {
    self.init()
    let layer = "text_model.encoder.layers"
    vocabSize = try sizes.side(0, of: "text_model.embeddings.token_embedding.weight")
    hiddenSize = try sizes.side(1, of: "text_model.embeddings.token_embedding.weight")
    maxPositionEmbeddings = try sizes.side(
      0, of: "text_model.embeddings.position_embedding.weight")
    intermediateSize = try sizes.side(0, of: "\(layer).0.mlp.fc1.weight")
    numHiddenLayers = sizes.count { "\(layer).\($0).mlp.fc1.weight" }
    numAttentionHeads = try sizes.heads(hiddenSize)
    let isSecond = sizes.has("text_projection.weight")
    projectionDim = isSecond ? try sizes.side(0, of: "text_projection.weight") : hiddenSize
    hiddenAct = isSecond ? .gelu : .quickGELU
    // As published. It stands for the largest id, which is the end token.
    eosTokenId = 2
  }
}

extension VAEConfiguration {
  /// An autoencoder with these weights, under diffusers' names.
  init(_ sizes: SizesOfWeights) throws {
    self.init()
    let levels = sizes.count { "encoder.down_blocks.\($0).resnets.0.conv1.weight" }
    blockOutChannels = try (0..<levels).map {
      try sizes.side(0, of: "encoder.down_blocks.\($0).resnets.0.conv1.weight")
    }
    layersPerBlock = sizes.count { "encoder.down_blocks.0.resnets.\($0).conv1.weight" }
    inChannels = try sizes.side(1, of: "encoder.conv_in.weight")
    outChannels = try sizes.side(0, of: "decoder.conv_out.weight")
    latentChannels = try sizes.side(1, of: "decoder.conv_in.weight")
    useQuantConv = sizes.has("quant_conv.weight")
    usePostQuantConv = sizes.has("post_quant_conv.weight")
    midBlockAddAttention = sizes.has("encoder.mid_block.attentions.0.to_q.weight")
    sampleSize = 1024
    scalingFactor = 0.13025
    for channels in blockOutChannels { try sizes.check(channels, divides: normNumGroups) }
  }
}
