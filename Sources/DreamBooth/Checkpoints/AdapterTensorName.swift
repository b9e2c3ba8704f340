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
  enum Kind: CaseIterable { case down, up, alpha }

  /// How names end: of PEFT and diffusers, of diffusers before PEFT, and of kohya.
  private static let endings: [(String, Kind)] = [
    (".lora_A.weight", .down), (".lora_B.weight", .up),
    (".lora_A.default.weight", .down), (".lora_B.default.weight", .up),
    (".lora.down.weight", .down), (".lora.up.weight", .up),
    (".lora_linear_layer.down.weight", .down), (".lora_linear_layer.up.weight", .up),
    (".lora_down.weight", .down), (".lora_up.weight", .up), (".alpha", .alpha),
  ]
  /// How they end where the layer's name is part of that: diffusers' first attention processors.
  private static let processorEndings: [(String, Kind)] = [
    ("_lora.down.weight", .down), ("_lora.up.weight", .up),
  ]
  private static let beginnings: [(String, ModelDirectory.Component)] = [
    ("unet.", .unet), ("text_encoder.", .textEncoder), ("text_encoder_2.", .textEncoder2),
    ("base_model.model.", .unet),
  ]
  /// What tensors of other methods have in their names.
  private static let otherMethods = [
    ("dora_scale", "DoRA"), ("lora_magnitude_vector", "DoRA"), (".hada_", "LoHa"),
    (".lokr_", "LoKr"), (".oft_", "OFT"), (".lora_mid.", "LoCon with a Tucker core"),
    (".on_input", "IA3"), (".diff", "full differences"), ("bundle_emb.", "textual inversion"),
  ]

  let layer: AdapterLayerName
  let kind: Kind

  /// Nil for what is not part of a LoRA.
  init?(_ name: String) {
    if let (ending, kind) = Self.endings.first(where: { name.hasSuffix($0.0) }) {
      self.init(layer: String(name.dropLast(ending.count)), kind)
    } else if let (ending, kind) = Self.processorEndings.first(where: { name.hasSuffix($0.0) }) {
      self.init(layer: Self.processorLayer(String(name.dropLast(ending.count))), kind)
    } else {
      return nil
    }
  }

  private init?(layer: String, _ kind: Kind) {
    self.kind = kind
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

  /// The method, other than LoRA, that a tensor of this name belongs to.
  static func otherMethod(of name: String) -> String? {
    otherMethods.first { name.contains($0.0) }?.1
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
