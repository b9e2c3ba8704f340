import NN

/// The layers of a model that adapters can be attached to, by all names that adapter files have for
/// them.
public struct AdaptableLayers {
  /// One layer.
  public struct Layer: Sendable, Hashable {
    /// The part of the model that contains it.
    public let part: ModelDirectory.Component
    /// Its path in that part.
    public let path: String
    /// The shape of its weight: `[out, in]`, and `[out, in, k, k]` of a convolution.
    public let shape: [Int]
    /// kohya's name, with the original names of the UNet's blocks:
    /// `lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q`.
    public let kohyaName: String
    /// The same with diffusers' names of the UNet's blocks:
    /// `lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q`.
    public let kohyaDiffusersName: String
  }

  /// All layers, part by part, in the order of the model.
  public private(set) var layers: [Layer] = []

  private var byPath: [ModelDirectory.Component: [String: Layer]] = [:]
  private var byKohyaName: [String: Layer] = [:]

  /// The layers of a model, from its configurations alone.
  public init(_ model: ModelDirectory) {
    self.init(
      unet: model.unet, textEncoder: model.textEncoder, textEncoder2: model.textEncoder2)
  }

  /// The layers of a model with these configurations. A refiner has no first text encoder.
  public init(
    unet: UNetConfiguration, textEncoder: CLIPTextConfiguration?,
    textEncoder2: CLIPTextConfiguration
  ) {
    let originals = OriginalUNetNames(unet)
    add(UNet2DConditionModel(unet), as: .unet, prefixes: ["lora_unet_"]) { path in
      [path, originals.name(of: path)]
    }
    // transformers 5, and files made with it, omit the prefix `text_model.`.
    func names(_ path: String) -> [String] { [path, path.replacing("text_model.", with: "")] }
    if let textEncoder {
      add(
        CLIPTextModel(textEncoder), as: .textEncoder, prefixes: ["lora_te1_", "lora_te_"],
        names: names)
    }
    add(
      CLIPTextModelWithProjection(textEncoder2), as: .textEncoder2, prefixes: ["lora_te2_"],
      names: names)
  }

  /// The layer at a path in a part, in the naming of diffusers and PEFT.
  public func layer(_ path: String, in part: ModelDirectory.Component) -> Layer? {
    byPath[part]?[path]
  }

  /// The layer with this name in kohya's sd-scripts: `lora_unet_` (`lora_te1_` and `lora_te2_` for
  /// the text encoders) and the path with underscores, in the original naming or diffusers'.
  public func layer(kohya name: String) -> Layer? { byKohyaName[name] }

  private mutating func add(
    _ model: some Module, as part: ModelDirectory.Component, prefixes: [String],
    names: (String) -> [String]
  ) {
    for (path, shape) in model.adaptableLayers() {
      let names = names(path)
      let kohyaNames = names.map { prefixes[0] + $0.replacing(".", with: "_") }
      let layer = Layer(
        part: part, path: path, shape: shape,
        kohyaName: part == .unet ? kohyaNames[1] : kohyaNames[0],
        kohyaDiffusersName: kohyaNames[0])
      layers.append(layer)
      for name in names {
        byPath[part, default: [:]][name] = layer
        for prefix in prefixes {
          byKohyaName[prefix + name.replacing(".", with: "_")] = layer
        }
      }
    }
  }
}
