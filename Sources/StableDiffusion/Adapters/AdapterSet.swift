public import NN

/// Adapters for the parts of a model: the UNet, and text encoders if they were trained too.
public struct AdapterSet {
  /// No adapters.
  public static var none: AdapterSet { AdapterSet([:]) }

  /// The adapters of each layer by part and path in it, each adapter with its own strength.
  public let layers: [ModelDirectory.Component: [String: [any Adapter]]]
  /// A factor on the strengths of all adapters. A change has effect after the set is attached
  /// again.
  public var strength = 1.0
  /// Whether the adapters are merged into the weights; see `Module.mergeAdapters()`.
  public var isMerged = false

  /// One adapter for each layer, by part and by the layer's path in it.
  public init(_ layers: [ModelDirectory.Component: [String: any Adapter]]) {
    self.layers = layers.mapValues { $0.mapValues { [$0] } }
  }

  private init(layers: [ModelDirectory.Component: [String: [any Adapter]]]) {
    self.layers = layers
  }

  /// Several sets together, each at its own strength. Their changes to one layer add up.
  public static func sum(_ sets: [AdapterSet]) -> AdapterSet {
    var all: [ModelDirectory.Component: [String: [any Adapter]]] = [:]
    for set in sets {
      for (part, adapters) in set.layers {
        let scaled = adapters.mapValues { $0.map { $0.scaled(by: set.strength) } }
        all[part, default: [:]].merge(scaled) { $0 + $1 }
      }
    }
    return AdapterSet(layers: all)
  }

  /// Puts the adapters of a part into its layers and removes all others. Throws `TorchError`.
  public func attach(to model: some Module, as part: ModelDirectory.Component) throws {
    let adapters = try layers[part, default: [:]].compactMapValues { adapters in
      try AdapterSum.of(adapters.map { $0.scaled(by: strength) })
    }
    model.setAdapters(adapters)
    if isMerged { try model.mergeAdapters() }
  }
}

extension PromptEncoder {
  /// Puts adapters into the text encoders, and takes all others out. Throws `TorchError`.
  public func attach(_ adapters: AdapterSet) throws {
    for encoder in encoders {
      try adapters.attach(
        to: encoder, as: encoder is CLIPTextModel ? .textEncoder : .textEncoder2)
    }
  }
}
