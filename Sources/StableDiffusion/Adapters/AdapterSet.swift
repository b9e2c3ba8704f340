public import NN

/// Adapters for the parts of a model: the UNet, and the text encoders where they were trained too.
public struct AdapterSet {
  /// No adapters.
  public static var none: AdapterSet { AdapterSet([:]) }

  /// By part and by the layer's path in it: the adapters of a layer, each with its own strength.
  public let layers: [ModelDirectory.Component: [String: [any Adapter]]]
  /// A factor on the strengths of all adapters. Attach the set again after a change.
  public var strength = 1.0
  /// Whether they are added to the weights or computed beside them; see `Module.mergeAdapters()`.
  public var isMerged = false

  /// Adapters by part and by the layer's path in it.
  public init(_ layers: [ModelDirectory.Component: [String: any Adapter]]) {
    self.layers = layers.mapValues { $0.mapValues { [$0] } }
  }

  private init(layers: [ModelDirectory.Component: [String: [any Adapter]]]) {
    self.layers = layers
  }

  /// What several sets do together, each at its own strength: the changes to one layer add up.
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

  /// Puts the adapters of a part into its layers, and takes all others out. Throws `TorchError`.
  public func attach(to model: some Module, as part: ModelDirectory.Component) throws {
    let adapters = try layers[part, default: [:]].compactMapValues { adapters in
      try AdapterSum.of(adapters.map { $0.scaled(by: strength) })
    }
    model.setAdapters(adapters)
    if isMerged { try model.mergeAdapters() }
  }
}
