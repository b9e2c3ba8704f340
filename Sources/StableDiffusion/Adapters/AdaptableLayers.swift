import NN

/// The layers of a model that adapters can be attached to, by all names that adapter files have for
/// them.
public struct AdaptableLayers {
  /// One layer.
  public struct Layer: Sendable, Equatable {
    /// The part of the model that contains it.
    public let part: ModelDirectory.Component
    /// Its path in that part.
    public let path: String
    /// The shape of its weight: `[out, in]`, and `[out, in, k, k]` of a convolution.
    public let shape: [Int]
  }

  private var byPath: [ModelDirectory.Component: [String: Layer]] = [:]
  private var byKohyaName: [String: Layer] = [:]

  /// The layers of a model, from its configurations alone.
  public init(_ model: ModelDirectory) {
    let originals = OriginalUNetNames(model.unet)
    add(UNet2DConditionModel(model.unet), as: .unet, prefixes: ["lora_unet_"]) { path in
      [path, originals.name(of: path)]
    }
    // transformers 5, and files made with it, omit the prefix `text_model.`.
    func names(_ path: String) -> [String] { [path, path.replacing("text_model.", with: "")] }
    if let textEncoder = model.textEncoder {
      add(
        CLIPTextModel(textEncoder), as: .textEncoder, prefixes: ["lora_te1_", "lora_te_"],
        names: names)
    }
    add(
      CLIPTextModelWithProjection(model.textEncoder2), as: .textEncoder2,
      prefixes: ["lora_te2_"], names: names)
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
      let layer = Layer(part: part, path: path, shape: shape)
      for name in names(path) {
        byPath[part, default: [:]][name] = layer
        for prefix in prefixes {
          byKohyaName[prefix + name.replacing(".", with: "_")] = layer
        }
      }
    }
  }
}
