import NN

/// The names and forms of a text encoder's weights in open_clip, which single-file checkpoints use
/// for the second encoder. The mapping is that of diffusers' `convert_open_clip_checkpoint`.
enum OriginalTextNames {
  private static let outside = [
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
  ]
  private static let inBlock = [
    "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
  ]
  private static let block = "transformer.resblocks."

  /// The weight or weights of transformers that a tensor contains.
  static func weights(_ name: String) -> [(name: String, view: TensorView)] {
    // open_clip multiplies by this matrix, a linear layer by the transpose of its weight.
    if name == "text_projection" { return [("text_projection.weight", .transposed)] }
    if let known = outside[name] { return [(known, .whole)] }
    let parts = name.dropFirst(block.count).split(separator: ".", maxSplits: 1)
    guard name.hasPrefix(block), parts.count == 2 else { return [(name, .whole)] }
    let layer = "text_model.encoder.layers.\(parts[0])"
    let rest = String(parts[1])
    for kind in ["weight", "bias"] where rest == "attn.in_proj_\(kind)" {
      return ["q_proj", "k_proj", "v_proj"].enumerated().map { part, projection in
        ("\(layer).self_attn.\(projection).\(kind)", .rows(part: part, of: 3))
      }
    }
    for (old, new) in inBlock where rest.hasPrefix("\(old).") {
      return [("\(layer).\(new)\(rest.dropFirst(old.count))", .whole)]
    }
    return [(name, .whole)]
  }
}
