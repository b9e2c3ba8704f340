/// The names of a UNet's layers in SDXL's original implementation (`openaimodel.py` of
/// Stability-AI/generative-models), which has all blocks of a path in one list. Single-file
/// checkpoints and kohya's adapters use them. The mapping is that of diffusers'
/// `convert_ldm_unet_checkpoint`.
struct OriginalUNetNames {
  /// The names of a residual block's parts.
  private static let resnetParts = [
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
  ]
  /// The names of layers outside the blocks.
  private static let others = [
    "conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2", "conv_norm_out": "out.0", "conv_out": "out.2",
  ]

  /// The index in the list at which each level of the down path begins; the first convolution is at
  /// 0.
  private let downStarts: [Int]
  private let upStarts: [Int]
  private let upHasAttention: [Bool]

  init(_ configuration: UNetConfiguration) {
    func starts(_ lengths: [Int], from first: Int) -> [Int] {
      lengths.reduce(into: [first]) { $0.append($0[$0.count - 1] + $1) }
    }
    let lengths = configuration.layersPerBlock.map { $0 + 1 }
    downStarts = starts(lengths, from: 1)
    upStarts = starts(lengths.reversed(), from: 0)
    upHasAttention = configuration.upBlockTypes.map { $0 == .crossAttention }
  }

  /// The original name of a layer or weight, from its path in diffusers' naming. A path that is not
  /// in such a UNet stays as it is.
  func name(of path: String) -> String {
    let parts = path.split(separator: ".").map(String.init)
    if parts.count > 3, parts[0] == "mid_block", let index = Int(parts[2]) {
      let place = "middle_block.\(parts[1] == "attentions" ? 1 : 2 * index)"
      return Self.join(place, inner(parts[1], parts.dropFirst(3)))
    }
    if parts.count > 4, let level = Int(parts[1]), let index = Int(parts[3]) {
      let rest = parts.dropFirst(4)
      if parts[0] == "down_blocks", downStarts.indices.contains(level + 1) {
        return Self.join("input_blocks", down(level, parts[2], index, rest))
      }
      if parts[0] == "up_blocks", upStarts.indices.contains(level + 1) {
        return Self.join("output_blocks", up(level, parts[2], index, rest))
      }
    }
    for (layer, name) in Self.others where path == layer || path.hasPrefix("\(layer).") {
      return name + path.dropFirst(layer.count)
    }
    return path
  }

  private func down(
    _ level: Int, _ kind: String, _ index: Int, _ rest: ArraySlice<String>
  ) -> [String] {
    // The downsampler is the last entry of its level.
    kind == "downsamplers"
      ? ["\(downStarts[level + 1] - 1)", "0", "op"] + rest.dropFirst()
      : ["\(downStarts[level] + index)", kind == "attentions" ? "1" : "0"] + inner(kind, rest)
  }

  private func up(
    _ level: Int, _ kind: String, _ index: Int, _ rest: ArraySlice<String>
  ) -> [String] {
    // The upsampler follows the last residual block and its attention.
    kind == "upsamplers"
      ? ["\(upStarts[level + 1] - 1)", upHasAttention[level] ? "2" : "1"] + rest
      : ["\(upStarts[level] + index)", kind == "attentions" ? "1" : "0"] + inner(kind, rest)
  }

  /// The names inside a residual block or a transformer. Those of a transformer are the same in
  /// both namings.
  private func inner(_ kind: String, _ rest: ArraySlice<String>) -> [String] {
    guard kind == "resnets", let first = rest.first, let part = Self.resnetParts[first] else {
      return Array(rest)
    }
    return [part] + rest.dropFirst()
  }

  private static func join(_ first: String, _ rest: [String]) -> String {
    ([first] + rest).joined(separator: ".")
  }
}
