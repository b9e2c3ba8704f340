import NN
public import StableDiffusion

/// A layer as an adapter file names it.
public enum AdapterLayerName: Hashable, Sendable {
  /// Its path in a part of the model: diffusers and PEFT.
  case path(String, in: ModelDirectory.Component)
  /// kohya's name of it, which says the part too.
  case kohya(String)

  /// As the file has it, or near that.
  public var text: String {
    switch self {
    case .path(let path, let part): "\(part.rawValue).\(path)"
    case .kohya(let name): name
    }
  }

  /// Whether this is a path.
  var isPath: Bool {
    if case .path = self { true } else { false }
  }

  /// The layer of a model.
  func layer(of model: AdaptableLayers) -> AdaptableLayers.Layer? {
    switch self {
    case .path(let path, let part): model.layer(path, in: part)
    case .kohya(let name): model.layer(kohya: name)
    }
  }
}

/// What a tensor of an adapter file is, by its name.
struct AdapterTensorName {
  /// The end of the name of a layer's alpha, which adapters of every kind have.
  static let alpha = "alpha"

  /// How names end where the layer's name is part of that: diffusers' first attention processors.
  private static let processorEndings = ["lora.down.weight", "lora.up.weight"]
  private static let beginnings: [(String, ModelDirectory.Component)] = [
    ("unet.", .unet), ("text_encoder.", .textEncoder), ("text_encoder_2.", .textEncoder2),
    ("base_model.model.", .unet),
  ]
  /// What tensors of kinds that are not in ``AdapterKinds`` have in their names.
  private static let otherKinds = [
    ("dora_scale", "DoRA"), ("lora_magnitude_vector", "DoRA"), (".hada_", "LoHa"),
    (".lokr_", "LoKr"), (".oft_", "OFT"), (".lora_mid.", "LoCon with a Tucker core"),
    (".on_input", "IA3"), (".diff", "full differences"), ("bundle_emb.", "textual inversion"),
  ]

  let layer: AdapterLayerName
  /// What comes after the layer's name, by which a kind knows its tensors: `lora_A.weight`.
  let ending: String

  /// Nil for a tensor that is not part of an adapter of these kinds.
  init?(_ name: String, kinds: [any AdapterKind.Type]) {
    let name = Self.processorName(name) ?? name
    let endings = kinds.flatMap { Array($0.fileNames.keys) } + [Self.alpha]
    let matching = endings.filter { name.hasSuffix(".\($0)") }
    guard let ending = matching.max(by: { $0.count < $1.count }) else { return nil }
    self.ending = ending
    let layer = String(name.dropLast(ending.count + 1))
    if layer.hasPrefix("lora_") {
      self.layer = .kohya(layer)
    } else if let (prefix, part) = Self.beginnings.first(where: { layer.hasPrefix($0.0) }) {
      self.layer = .path(String(layer.dropFirst(prefix.count)), in: part)
    } else if ["down_blocks.", "mid_block.", "up_blocks."].contains(where: layer.hasPrefix) {
      self.layer = .path(layer, in: .unet)
    } else {
      return nil
    }
  }

  /// The kind of adapter that a tensor of this name belongs to, where it is one that is not in
  /// ``AdapterKinds``.
  static func otherKind(of name: String) -> String? {
    otherKinds.first { name.contains($0.0) }?.1
  }

  /// The name, in the later form of diffusers, of a tensor of an attention processor: that of
  /// `attn1.processor.to_q_lora.down.weight` is `attn1.to_q.lora.down.weight`.
  private static func processorName(_ name: String) -> String? {
    processorEndings.first { name.hasSuffix("_\($0)") }.map { ending in
      "\(processorLayer(String(name.dropLast(ending.count + 1)))).\(ending)"
    }
  }

  /// `attn1.processor.to_out` is the adapter of `attn1.to_out.0`, and `self_attn.to_out` that of
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
