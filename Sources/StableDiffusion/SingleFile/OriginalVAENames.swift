import NN

/// The names of the autoencoder's weights in SDXL's original implementation and in older versions
/// of diffusers. The mapping is that of diffusers' `convert_ldm_vae_checkpoint`.
struct OriginalVAENames {
  private static let attention = [
    "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
    // Names of diffusers before version 0.17.
    "query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0",
  ]

  /// The number of levels in the decoder. The original counts them from the outermost, diffusers
  /// from the innermost.
  let levels: Int

  /// The names for an autoencoder with this number of levels.
  init(levels: Int) { self.levels = levels }

  /// The names in a checkpoint with these tensors.
  init(tensors: Set<String>) {
    let ups = tensors.compactMap { name in
      let parts = name.split(separator: ".")
      return parts.count > 3 && parts[1] == "up" ? Self.level(String(parts[2])) : nil
    }
    levels = (ups.max() ?? -1) + 1
  }

  /// A level's number; nil for any other text.
  private static func level(_ text: String) -> Int? {
    Int(text).flatMap { (0..<ClosedRange.levels.upperBound).contains($0) ? $0 : nil }
  }

  /// The current name of a weight in diffusers. A current name stays as it is.
  func weight(_ name: String) -> (name: String, view: TensorView) {
    let parts = name.split(separator: ".").map(String.init)
    guard parts.count > 3, ["encoder", "decoder"].contains(parts[0]) else {
      let renamed = parts.count == 3 && parts[1] == "norm_out"
      return (renamed ? "\(parts[0]).conv_norm_out.\(parts[2])" : name, .whole)
    }
    let new: [String]
    switch (parts[1], parts[2], parts.count) {
    case ("mid", "attn_1", _), ("mid_block", "attentions", 5...):
      let place = parts[1] == "mid" ? 3 : 4
      let part = Self.attention[parts[place], default: parts[place]]
      new = [parts[0], "mid_block.attentions.0", part] + parts[(place + 1)...]
      return (new.joined(separator: "."), .squeezed)
    case ("mid", "block_1", _): new = [parts[0], "mid_block.resnets.0"] + resnet(parts[3...])
    case ("mid", "block_2", _): new = [parts[0], "mid_block.resnets.1"] + resnet(parts[3...])
    case ("down", let level, 6...):
      new = [parts[0], "down_blocks", level] + inner(parts, "downsample", "downsamplers")
    case ("up", let level, 6...):
      let level = Self.level(level).map { String(levels - 1 - $0) } ?? level
      new = [parts[0], "up_blocks", level] + inner(parts, "upsample", "upsamplers")
    default: return (name, .whole)
    }
    return (new.joined(separator: "."), .whole)
  }

  /// The names inside a level: residual blocks, and the sampler after them.
  private func inner(_ parts: [String], _ sampler: String, _ name: String) -> [String] {
    parts[3] == sampler
      ? [name, "0"] + parts[4...] : ["resnets", parts[4]] + resnet(parts[5...])
  }

  private func resnet(_ rest: ArraySlice<String>) -> [String] {
    rest.first == "nin_shortcut" ? ["conv_shortcut"] + rest.dropFirst() : Array(rest)
  }
}

extension WeightSource {
  /// An autoencoder's weights under diffusers' names, from either naming.
  func namedAsVAE() -> WeightSource {
    let naming = OriginalVAENames(tensors: names)
    return mapped { [naming.weight($0)] }
  }
}
