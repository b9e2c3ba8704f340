import Torch

/// Sizes and switches of the autoencoder: `vae/config.json` (diffusers `AutoencoderKL`).
///
/// A missing key has diffusers' default, the value after `init()`. A switch that is not implemented
/// throws.
public struct VAEConfiguration: Decodable, Equatable, Sendable {
  /// Channels of the encoder's images.
  public var inChannels = 3
  /// Channels of the decoder's pictures.
  public var outChannels = 3
  /// Channels of the latents.
  public var latentChannels = 4
  /// Channels of each level, from the outermost.
  public var blockOutChannels = [64]
  /// Resnets of each level of the encoder; the decoder has one more.
  public var layersPerBlock = 1
  /// Groups of every group norm.
  public var normNumGroups = 32
  /// Side of the images that the model was trained on, in pixels.
  public var sampleSize = 32
  /// The factor on latents that gives the UNet values of order one.
  public var scalingFactor = 0.18215
  /// Subtracted from latents before they are scaled.
  public var shiftFactor: Double?
  /// Whether this model overflows in half precision and has to run in float32.
  public var forceUpcast = true
  /// Whether a 1 x 1 convolution follows the encoder.
  public var useQuantConv = true
  /// Whether a 1 x 1 convolution precedes the decoder.
  public var usePostQuantConv = true
  /// Whether the middle blocks have attention between their two resnets.
  public var midBlockAddAttention = true

  /// diffusers' defaults.
  public init() {}

  /// Pixels for each latent pixel, along one side.
  public var scale: Int { 1 << (blockOutChannels.count - 1) }
}

extension VAEConfiguration {
  private enum CodingKeys: CodingKey {
    case inChannels, outChannels, latentChannels, blockOutChannels, layersPerBlock
    case normNumGroups, sampleSize, scalingFactor, shiftFactor, forceUpcast, useQuantConv
    case usePostQuantConv, midBlockAddAttention
    // Accepted only with the value that changes nothing.
    case actFn, downBlockTypes, latentsMean, latentsStd, upBlockTypes
  }

  /// Decodes a `config.json` whose keys were converted from snake case.
  public init(from decoder: any Decoder) throws {
    let file = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    try file.readSize(.inChannels, into: &inChannels)
    try file.readSize(.outChannels, into: &outChannels)
    try file.readSize(.latentChannels, into: &latentChannels)
    try file.readLevels(.blockOutChannels, into: &blockOutChannels)
    try file.readSize(.layersPerBlock, into: &layersPerBlock, in: .layers)
    try file.readSize(.normNumGroups, into: &normNumGroups)
    try file.readSize(.sampleSize, into: &sampleSize)
    try file.read(.scalingFactor, into: &scalingFactor)
    try file.read(.shiftFactor, into: &shiftFactor)
    try file.read(.forceUpcast, into: &forceUpcast)
    try file.read(.useQuantConv, into: &useQuantConv)
    try file.read(.usePostQuantConv, into: &usePostQuantConv)
    try file.read(.midBlockAddAttention, into: &midBlockAddAttention)

    let blocks = blockOutChannels.count
    try file.check(
      .normNumGroups,
      blockOutChannels.allSatisfy { $0.isMultiple(of: normNumGroups) },
      found: normNumGroups, "a divisor of each of block_out_channels, \(blockOutChannels)")
    try file.require(.actFn, "silu", "swish")
    try file.require(.downBlockTypes, Array(repeating: "DownEncoderBlock2D", count: blocks))
    try file.require(.upBlockTypes, Array(repeating: "UpDecoderBlock2D", count: blocks))
    try file.requireNull(.latentsMean)
    try file.requireNull(.latentsStd)
  }
}
