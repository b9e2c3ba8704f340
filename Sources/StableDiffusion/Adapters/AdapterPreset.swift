/// A choice of layers for adapters, by name.
public enum AdapterPreset: String, CaseIterable, Sendable {
  /// The projections of the attention layers: 560 layers of SDXL's UNet. diffusers' scripts adapt them.
  case attention
  /// All layers of the transformers, with the feed-forward layers: 722 of SDXL. kohya's sd-scripts adapts them.
  case attentionFF = "attention-ff"
  /// The layers of the transformers, of the residual blocks and of the samplers between levels: 788 of
  /// SDXL. sd-scripts adapts them if `conv_dim` is set.
  case full

  /// Patterns that match the layers of a UNet and no others.
  public var patterns: [String] {
    switch self {
    case .attention: ["to_q", "to_k", "to_v", "to_out.0"]
    case .attentionFF: ["attentions"]
    case .full: ["attentions", "resnets", "downsamplers", "upsamplers"]
    }
  }
}
