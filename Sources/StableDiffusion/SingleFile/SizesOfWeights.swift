import Foundation
import NN
import Torch

/// The sizes of a model, read off its weights: checkpoints of one file bring no configuration. What
/// the weights do not say is as in SDXL's published configurations.
struct SizesOfWeights {
  /// Channels of a head in every attention of SDXL.
  private static let headSize = 64

  private let source: WeightSource

  init(_ source: WeightSource) { self.source = source }

  /// Whether there is such a tensor.
  func has(_ name: String) -> Bool { source.shape(of: name) != nil }

  /// Whether a tensor is a convolution's weight.
  func isConvolution(_ name: String) -> Bool { source.shape(of: name)?.count == 4 }

  /// A side of a tensor. Throws `WeightsError.noTensor`.
  func side(_ index: Int, of name: String) throws -> Int {
    guard let shape = source.shape(of: name), shape.indices.contains(index) else {
      throw WeightsError.noTensor(file: source.url.relativePath, name: name)
    }
    return shape[index]
  }

  /// How many of the tensors `name(0)`, `name(1)` and so on there are.
  func count(_ name: (Int) -> String) -> Int { (0...).first { !has(name($0)) } ?? 0 }

  /// Heads of an attention of a width.
  func heads(_ width: Int) throws(ModelError) -> Int {
    try check(width, divides: Self.headSize)
    return width / Self.headSize
  }

  /// Throws `ModelError` where a width is no multiple of `divisor`, as all of SDXL's are.
  func check(_ width: Int, divides divisor: Int) throws(ModelError) {
    guard width > 0, width.isMultiple(of: divisor) else {
      throw .invalid(
        path: source.url.relativePath,
        problem: "a layer is \(width) wide, which is not a multiple of \(divisor)",
        advice: "give its configurations in the folder "
          + "\(SingleFileCheckpoint.configurations(of: source.url).relativePath), laid out as "
          + "diffusers' without the weights")
    }
  }
}

extension CLIPTextConfiguration {
  /// A text encoder with these weights, under transformers' names; the activation, which they do not
  /// say, is the first encoder's where there is no projection.
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
    // As published: the place of the largest id, which is the end token's.
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
