import NN
public import StableDiffusion

/// The name of a layer in an adapter file.
public enum AdapterLayerName: Hashable, Sendable {
  /// The layer's path in a part of the model, as in files of diffusers and PEFT.
  case path(String, in: ModelDirectory.Component)
  /// kohya's name, which includes the part.
  case kohya(String)

  /// The name in messages: kohya's own, or the path with the part before it.
  public var text: String {
    switch self {
    case .path(let path, let part): "\(part.rawValue).\(path)"
    case .kohya(let name): name
    }
  }

  var isPath: Bool {
    if case .path = self { true } else { false }
  }

  /// The layer of a model with this name; nil if there is none.
  func layer(of model: AdaptableLayers) -> AdaptableLayers.Layer? {
    switch self {
    case .path(let path, let part): model.layer(path, in: part)
    case .kohya(let name): model.layer(kohya: name)
    }
  }
}

/// The layer and the ending in a tensor's name in an adapter file.
struct AdapterTensorName {
  /// The ending of a layer's alpha, which adapters of every kind may have.
  static let alpha = "alpha"

  /// Endings that follow the layer's name after `_`, as in diffusers' first attention processors.
  private static let processorEndings = ["lora.down.weight", "lora.up.weight"]
  private static let beginnings: [(String, ModelDirectory.Component)] = [
    ("unet.", .unet), ("text_encoder.", .textEncoder), ("text_encoder_2.", .textEncoder2),
  ]
  /// Parts of tensor names that show a kind of adapter which is not in ``AdapterKinds``.
  private static let otherKinds = [
    (".oft_", "OFT of another form"), (".a1.weight", "GLoRA"), (".lambda_layer", "T-LoRA"),
    (".w_norm", "changes of normalisation layers"), (".b_norm", "changes of normalisation layers"),
    (".ia3_l", "PEFT's IA3"), ("bundle_emb.", "textual inversion"),
  ]
  /// An ending of IA3 that every weight of a model has, too. It counts in kohya's names only.
  private static let plainEnding = "weight"

  let layer: AdapterLayerName
  /// The part after the layer's name, which identifies the tensor: `lora_A.weight`.
  let ending: String

  /// Nil for a tensor that is not part of an adapter of these kinds.
  ///
  /// - Parameter peftPart: the part of the model that PEFT's names belong to.
  init?(
    _ name: String, kinds: [any AdapterKind.Type], peftPart: ModelDirectory.Component = .unet
  ) {
    let name = Self.processorName(name) ?? name
    let endings = kinds.flatMap { Array($0.fileNames.keys) } + [Self.alpha]
    let matching = endings.filter { name.hasSuffix(".\($0)") }
    guard let ending = matching.max(by: { $0.count < $1.count }) else { return nil }
    self.ending = ending
    let layer = String(name.dropLast(ending.count + 1))
    let beginnings = Self.beginnings + [("base_model.model.", peftPart)]
    guard ending != Self.plainEnding || layer.wholeMatch(of: /lora_[^.]+/) != nil else {
      return nil
    }
    if layer.hasPrefix("lora_") {
      self.layer = .kohya(layer)
    } else if let (prefix, part) = beginnings.first(where: { layer.hasPrefix($0.0) }) {
      self.layer = .path(String(layer.dropFirst(prefix.count)), in: part)
    } else if ["down_blocks.", "mid_block.", "up_blocks."].contains(where: layer.hasPrefix) {
      self.layer = .path(layer, in: .unet)
    } else {
      return nil
    }
  }

  /// The unsupported kind of adapter that a tensor of this name belongs to, if there is one.
  static func otherKind(of name: String) -> String? {
    otherKinds.first { name.contains($0.0) }?.1
  }

  /// The name of an attention processor's tensor in diffusers' later form:
  /// `attn1.processor.to_q_lora.down.weight` becomes `attn1.to_q.lora.down.weight`.
  private static func processorName(_ name: String) -> String? {
    processorEndings.first { name.hasSuffix("_\($0)") }.map { ending in
      "\(processorLayer(String(name.dropLast(ending.count + 1)))).\(ending)"
    }
  }

  /// `attn1.processor.to_out` becomes `attn1.to_out.0`, and `self_attn.to_out` becomes
  /// `self_attn.out_proj`.
  private static func processorLayer(_ name: String) -> String {
    var parts = name.replacing(".processor", with: "").split(separator: ".").map(String.init)
    guard let last = parts.popLast() else { return name }
    if parts.last == "self_attn" {
      parts.append(last == "to_out" ? "out_proj" : "\(last.dropFirst(3))_proj")
    } else {
      parts.append(last == "to_out" ? "to_out.0" : last)
    }
    return parts.joined(separator: ".")
  }
}
