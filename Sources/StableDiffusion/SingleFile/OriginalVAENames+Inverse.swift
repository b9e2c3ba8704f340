extension OriginalVAENames {
  private static let original = [
    "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out": "proj_out",
  ]

  /// The original name of a weight, from its current name in diffusers.
  func original(_ path: String) -> String {
    let parts = path.split(separator: ".").map(String.init)
    guard parts.count > 4 else { return path.replacing("conv_norm_out", with: "norm_out") }
    let names =
      parts[1] == "mid_block"
      ? middle(parts[2], parts[3], parts[4...])
      : [level(parts[1], parts[2])] + block(parts[3], parts[4], parts[5...])
    return ([parts[0]] + names).joined(separator: ".")
  }

  private func middle(_ kind: String, _ index: String, _ rest: ArraySlice<String>) -> [String] {
    guard kind == "attentions", let layer = rest.first, let last = rest.last else {
      return ["mid", index == "0" ? "block_1" : "block_2"] + resnet(rest)
    }
    // The only sequence is `to_out`, whose layer is its first element.
    return ["mid.attn_1", Self.original[layer, default: layer], last]
  }

  private func level(_ blocks: String, _ index: String) -> String {
    guard blocks == "up_blocks", let level = Int(index) else { return "down.\(index)" }
    return "up.\(levels - 1 - level)"
  }

  private func block(_ kind: String, _ index: String, _ rest: ArraySlice<String>) -> [String] {
    switch kind {
    case "downsamplers": ["downsample"] + rest
    case "upsamplers": ["upsample"] + rest
    default: ["block", index] + resnet(rest)
    }
  }

  private func resnet(_ rest: ArraySlice<String>) -> [String] {
    rest.first == "conv_shortcut" ? ["nin_shortcut"] + rest.dropFirst() : Array(rest)
  }
}
