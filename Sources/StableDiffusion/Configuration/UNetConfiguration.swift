import NN
import Torch

/// Sizes and switches of a UNet: `unet/config.json` (diffusers `UNet2DConditionModel`).
///
/// A missing key has diffusers' default, the value after `init()`. A switch that is not implemented
/// throws.
public struct UNetConfiguration: Decodable, Equatable, Sendable {
  /// The kind of block of a level in the down path.
  public enum DownBlockType: String, CaseIterable, Sendable {
    case plain = "DownBlock2D"
    case crossAttention = "CrossAttnDownBlock2D"
  }

  /// The kind of block of a level in the up path.
  public enum UpBlockType: String, CaseIterable, Sendable {
    case plain = "UpBlock2D"
    case crossAttention = "CrossAttnUpBlock2D"
  }

  /// The kind of block between the two paths.
  public enum MidBlockType: String, CaseIterable, Sendable {
    case plain = "UNetMidBlock2D"
    case crossAttention = "UNetMidBlock2DCrossAttn"
  }

  /// The kind of conditioning besides timestep and prompt.
  public enum AdditionEmbedType: String, CaseIterable, Sendable {
    /// The pooled text vector and the six sizes of SDXL (Podell et al. 2023, section 2.2).
    case textTime = "text_time"
  }

  /// Side of the latents that the model was trained on, in latent pixels.
  public var sampleSize: Int?
  /// Channels of the noisy latents.
  public var inChannels = 4
  /// Channels of the prediction.
  public var outChannels = 4
  /// Channels of each level, from the outermost.
  public var blockOutChannels = [320, 640, 1280, 1280]
  /// The blocks of the down path, from the outermost.
  public var downBlockTypes: [DownBlockType] = [
    .crossAttention, .crossAttention, .crossAttention, .plain,
  ]
  /// The block between the paths; nil for none.
  public var midBlockType: MidBlockType? = .crossAttention
  /// The blocks of the up path, from the innermost.
  public var upBlockTypes: [UpBlockType] = [
    .plain, .crossAttention, .crossAttention, .crossAttention,
  ]
  /// Resnets of each level of the down path, from the outermost; the up path has one more.
  public var layersPerBlock = [2, 2, 2, 2]
  /// Blocks in each of a level's transformers, from the outermost level.
  public var transformerLayersPerBlock = [1, 1, 1, 1]
  /// The *number* of heads of each level, under diffusers' historical name.
  public var attentionHeadDim = [8, 8, 8, 8]
  /// Width of the prompt's embedding, for each level.
  public var crossAttentionDim = [1280, 1280, 1280, 1280]
  /// Padding of a downsampling convolution; 0 pads right and below only.
  public var downsamplePadding = 1
  /// Groups of every group norm.
  public var normNumGroups = 32
  /// Epsilon of the resnets' group norms.
  public var normEps = 1e-5
  /// Whether a transformer's `proj_in` and `proj_out` are linear layers or 1 x 1 convolutions.
  public var useLinearProjection = false
  /// Side of the first convolution.
  public var convInKernel = 3
  /// Side of the last convolution.
  public var convOutKernel = 3
  /// Width of the timestep's embedding; nil for four times the first level's channels.
  public var timeEmbeddingDim: Int?
  /// Whether a sinusoid begins with its cosines.
  public var flipSinToCos = true
  /// Subtracted from the number of frequencies in their spacing.
  public var freqShift = 0.0
  /// The conditioning besides timestep and prompt; nil for none.
  public var additionEmbedType: AdditionEmbedType?
  /// Width of the sinusoid of each added size.
  public var additionTimeEmbedDim: Int?
  /// Width of the pooled text vector and all added sizes together.
  public var projectionClassEmbeddingsInputDim: Int?

  /// diffusers' defaults.
  public init() {}
}

extension UNetConfiguration {
  private enum CodingKeys: CodingKey {
    case sampleSize, inChannels, outChannels, blockOutChannels, downBlockTypes, midBlockType
    case upBlockTypes, layersPerBlock, transformerLayersPerBlock, attentionHeadDim
    case crossAttentionDim, downsamplePadding, normNumGroups, normEps, useLinearProjection
    case convInKernel, convOutKernel, timeEmbeddingDim, flipSinToCos, freqShift
    case additionEmbedType, additionTimeEmbedDim, projectionClassEmbeddingsInputDim
    // Accepted only with the value that changes nothing.
    case actFn, attentionType, centerInputSample, classEmbedType, classEmbeddingsConcat
    case crossAttentionNorm, dropout, dualCrossAttention, encoderHidDim, encoderHidDimType
    case midBlockScaleFactor, numAttentionHeads, numClassEmbeds
    case onlyCrossAttention, resnetOutScaleFactor, resnetSkipTimeAct, resnetTimeScaleShift
    case reverseTransformerLayersPerBlock, timeCondProjDim, timeEmbeddingActFn, timeEmbeddingType
    case timestepPostAct
  }

  /// Decodes a `config.json` whose keys were converted from snake case.
  public init(from decoder: any Decoder) throws {
    let file = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    try readLevels(file)
    try file.readSize(.sampleSize, into: &sampleSize)
    try file.readSize(.inChannels, into: &inChannels)
    try file.readSize(.outChannels, into: &outChannels)
    try file.readSize(.downsamplePadding, into: &downsamplePadding, in: 0...1)
    try file.read(.normEps, into: &normEps)
    try file.read(.useLinearProjection, into: &useLinearProjection)
    try file.readSize(.convInKernel, into: &convInKernel)
    try file.readSize(.convOutKernel, into: &convOutKernel)
    try file.readSize(.timeEmbeddingDim, into: &timeEmbeddingDim)
    try file.read(.flipSinToCos, into: &flipSinToCos)
    try file.read(.freqShift, into: &freqShift)
    try readAddition(file)
    try Self.requireImplemented(file)
  }

  private mutating func readLevels(_ file: KeyedDecodingContainer<CodingKeys>) throws {
    try file.readLevels(.blockOutChannels, into: &blockOutChannels)
    let blocks = blockOutChannels.count
    try file.readChoices(.downBlockTypes, into: &downBlockTypes, blocks: blocks)
    try file.readChoice(.midBlockType, into: &midBlockType)
    try file.readChoices(.upBlockTypes, into: &upBlockTypes, blocks: blocks)
    try file.readSizes(.layersPerBlock, into: &layersPerBlock, blocks: blocks, in: .layers)
    try file.readSizes(
      .transformerLayersPerBlock, into: &transformerLayersPerBlock, blocks: blocks, in: .layers)
    try file.readSizes(.attentionHeadDim, into: &attentionHeadDim, blocks: blocks)
    try file.readSizes(.crossAttentionDim, into: &crossAttentionDim, blocks: blocks)
    try file.readSize(.normNumGroups, into: &normNumGroups)
    for (channels, heads) in zip(blockOutChannels, attentionHeadDim) {
      try file.check(
        .normNumGroups, channels.isMultiple(of: normNumGroups),
        found: normNumGroups, "a divisor of each of block_out_channels, \(blockOutChannels)")
      try file.check(
        .attentionHeadDim, channels.isMultiple(of: heads), found: attentionHeadDim,
        "a divisor of each of block_out_channels, \(blockOutChannels)")
    }
  }

  private mutating func readAddition(_ file: KeyedDecodingContainer<CodingKeys>) throws {
    try file.readChoice(.additionEmbedType, into: &additionEmbedType)
    try file.readSize(.additionTimeEmbedDim, into: &additionTimeEmbedDim)
    try file.readSize(
      .projectionClassEmbeddingsInputDim, into: &projectionClassEmbeddingsInputDim)
    guard additionEmbedType == .textTime else { return }
    for (key, size) in [
      (CodingKeys.additionTimeEmbedDim, additionTimeEmbedDim),
      (.projectionClassEmbeddingsInputDim, projectionClassEmbeddingsInputDim),
    ] {
      try file.check(
        key, size != nil, found: "null", "a number if addition_embed_type is text_time")
    }
  }

  private static func requireImplemented(
    _ file: KeyedDecodingContainer<CodingKeys>
  ) throws {
    try file.require(.actFn, "silu", "swish")
    try file.require(.attentionType, "default")
    try file.require(.resnetTimeScaleShift, "default")
    try file.require(.timeEmbeddingType, "positional")
    try file.require(.dropout, 0.0)
    try file.require(.midBlockScaleFactor, 1.0)
    try file.require(.resnetOutScaleFactor, 1.0)
    for key in [
      CodingKeys.centerInputSample, .classEmbeddingsConcat, .dualCrossAttention,
      .onlyCrossAttention, .resnetSkipTimeAct,
    ] {
      try file.require(key, false)
    }
    for key in [
      CodingKeys.classEmbedType, .crossAttentionNorm, .encoderHidDim, .encoderHidDimType,
      .numAttentionHeads, .numClassEmbeds, .reverseTransformerLayersPerBlock, .timeCondProjDim,
      .timeEmbeddingActFn, .timestepPostAct,
    ] {
      try file.requireNull(key)
    }
  }
}
