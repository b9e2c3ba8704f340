import Torch

/// The activation between the two linear layers of a CLIP block.
public enum CLIPActivation: String, CaseIterable, Sendable {
  /// `x * sigmoid(1.702 x)`: the first text encoder.
  case quickGELU = "quick_gelu"
  /// The exact GELU: the second text encoder.
  case gelu
}

/// Sizes of a CLIP text encoder: `text_encoder/config.json` and `text_encoder_2/config.json`
/// (transformers `CLIPTextConfig`).
///
/// A missing key has transformers' default, the value after `init()`.
public struct CLIPTextConfiguration: Decodable, Equatable, Sendable {
  /// The number of token ids with an embedding.
  public var vocabSize = 49408
  /// Width of the hidden states.
  public var hiddenSize = 512
  /// Width between the two linear layers of a block.
  public var intermediateSize = 2048
  /// Transformer blocks.
  public var numHiddenLayers = 12
  /// Heads of each attention.
  public var numAttentionHeads = 8
  /// The longest prompt in tokens.
  public var maxPositionEmbeddings = 77
  /// Width of the pooled vector after `text_projection`; used by the second encoder only.
  public var projectionDim = 512
  /// The activation of each block.
  public var hiddenAct = CLIPActivation.quickGELU
  /// The epsilon of the layer norms.
  public var layerNormEps = 1e-5
  /// The token at whose first place the hidden state is pooled. In older configurations this is 2
  /// and stands for the largest token.
  public var eosTokenId = 49407

  /// transformers' defaults.
  public init() {}

  private enum CodingKeys: CodingKey {
    case vocabSize, hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads
    case maxPositionEmbeddings, projectionDim, hiddenAct, layerNormEps, eosTokenId
  }

  /// Reads a configuration file.
  public init(from decoder: any Decoder) throws {
    let file = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    try file.readSize(.vocabSize, into: &vocabSize)
    try file.readSize(.hiddenSize, into: &hiddenSize)
    try file.readSize(.intermediateSize, into: &intermediateSize)
    try file.readSize(.numHiddenLayers, into: &numHiddenLayers, in: .layers)
    try file.readSize(.numAttentionHeads, into: &numAttentionHeads)
    try file.readSize(.maxPositionEmbeddings, into: &maxPositionEmbeddings)
    try file.readSize(.projectionDim, into: &projectionDim)
    try file.read(.hiddenAct, into: &hiddenAct)
    try file.read(.layerNormEps, into: &layerNormEps)
    try file.read(.eosTokenId, into: &eosTokenId)
    try file.check(
      .numAttentionHeads, hiddenSize.isMultiple(of: numAttentionHeads), found: numAttentionHeads,
      "a divisor of hidden_size, \(hiddenSize)")
  }
}
