/// The naming of an adapter file's tensors.
struct FileNaming: CustomStringConvertible {
  /// Parts of tensor names, each with the naming that it shows. The first match counts.
  private static let signs = [
    ("lora_unet_input_blocks", "kohya, with SDXL's original block names"),
    ("lora_unet_middle_block", "kohya, with SDXL's original block names"),
    ("lora_unet_output_blocks", "kohya, with SDXL's original block names"),
    ("lora_unet_", "kohya, with the block names of diffusers"),
    ("lora_te", "kohya, text encoders only"), ("base_model.model.", "PEFT"),
    (".processor.", "diffusers, attention processors"),
    (".lora.down.", "diffusers, before PEFT"), (".lora_linear_layer.", "diffusers, before PEFT"),
  ]

  /// The naming in words.
  let description: String

  /// The naming of tensors with these names.
  init(_ names: [String]) {
    let sign = Self.signs.first { sign in names.contains { $0.contains(sign.0) } }
    description = sign?.1 ?? "diffusers"
  }
}

/// The part and the group of blocks that a layer belongs to, from its name in a file.
struct LayerPlace {
  /// `unet`, `text_encoder` or `text_encoder_2`.
  let part: String
  /// `input_blocks.4`, `mid_block` and so on; `layers` in a text encoder, `other` outside of blocks.
  let block: String

  init(_ name: String) {
    if name.hasPrefix("lora_te2_") || name.hasPrefix("text_encoder_2.") {
      (part, block) = ("text_encoder_2", "layers")
    } else if name.hasPrefix("lora_te") || name.hasPrefix("text_encoder.") {
      (part, block) = ("text_encoder", "layers")
    } else {
      part = "unet"
      let numbered = name.firstMatch(of: /((?:input|output|down|up)_blocks)[._]([0-9]+)/)
      let single = ["middle_block", "mid_block"].first { name.contains($0) }
      block = numbered.map { "\($0.1).\($0.2)" } ?? single ?? "other"
    }
  }
}
