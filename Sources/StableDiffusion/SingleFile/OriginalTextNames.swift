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
  private static let layer = "text_model.encoder.layers."
  /// open_clip multiplies by this matrix, a linear layer by the transpose of its weight.
  static let projection = "text_projection.weight"

  private static let projections = ["q_proj", "k_proj", "v_proj"]

  /// The original name of a weight of transformers. Query, key and value share one tensor, in which
  /// they have the places 0, 1 and 2.
  static func original(_ path: String) -> (name: String, place: Int) {
    if path == projection { return ("text_projection", 0) }
    if let known = outside.first(where: { $0.value == path }) { return (known.key, 0) }
    let parts = path.split(separator: ".").map(String.init)
    guard path.hasPrefix(layer), parts.count > 5 else { return (path, 0) }
    let place = "\(block)\(parts[3])"
    let rest = parts[4...].joined(separator: ".")
    for (index, projection) in projections.enumerated()
    where rest.hasPrefix("self_attn.\(projection).") {
      return ("\(place).attn.in_proj_\(parts[parts.count - 1])", index)
    }
    for (old, new) in inBlock where rest.hasPrefix("\(new).") {
      return ("\(place).\(old)\(rest.dropFirst(new.count))", 0)
    }
    return (path, 0)
  }

  /// The weight or weights of transformers that a tensor contains.
  static func weights(_ name: String) -> [(name: String, view: TensorView)] {
    if name == "text_projection" { return [(projection, .transposed)] }
    if let known = outside[name] { return [(known, .whole)] }
    let parts = name.dropFirst(block.count).split(separator: ".", maxSplits: 1)
    guard name.hasPrefix(block), parts.count == 2 else { return [(name, .whole)] }
    let layer = "\(layer)\(parts[0])"
    let rest = String(parts[1])
    for kind in ["weight", "bias"] where rest == "attn.in_proj_\(kind)" {
      return projections.enumerated().map { part, projection in
        ("\(layer).self_attn.\(projection).\(kind)", .rows(part: part, of: 3))
      }
    }
    for (old, new) in inBlock where rest.hasPrefix("\(old).") {
      return [("\(layer).\(new)\(rest.dropFirst(old.count))", .whole)]
    }
    return [(name, .whole)]
  }
}
