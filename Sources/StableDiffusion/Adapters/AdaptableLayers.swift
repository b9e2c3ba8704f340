import NN

/// The layers of a model that adapters can be added to, by all the names that adapter files give
/// them.
public struct AdaptableLayers {
  /// One layer.
  public struct Layer: Sendable, Equatable {
    /// The part of the model that it is in.
    public let part: ModelDirectory.Component
    /// Its path there.
    public let path: String
    /// The shape of its weight: `[out, in]`, and `[out, in, k, k]` of a convolution.
    public let shape: [Int]
  }

  private var byPath: [ModelDirectory.Component: [String: Layer]] = [:]
  private var byKohyaName: [String: Layer] = [:]

  /// The layers of a model, which are known without its weights.
  public init(_ model: ModelDirectory) {
    let originals = OriginalUNetNames(model.unet)
    add(UNet2DConditionModel(model.unet), as: .unet, prefixes: ["lora_unet_"]) { path in
      [path, originals.name(of: path)]
    }
    // transformers 5 leaves out the first encoder's prefix, and so do files made with it.
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

  /// The layer at a path of a part, as diffusers and PEFT name it.
  public func layer(_ path: String, in part: ModelDirectory.Component) -> Layer? {
    byPath[part]?[path]
  }

  /// The layer that kohya's sd-scripts give this name: `lora_unet_` and the original path, or
  /// diffusers', with underscores; `lora_te1_` and `lora_te2_` for the text encoders.
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
