public import NN

/// Adapters for the parts of a model: the UNet, and the text encoders where they were trained too.
public struct AdapterSet {
  /// No adapters.
  public static var none: AdapterSet { AdapterSet([:]) }

  /// By part and by the layer's path in it.
  public let layers: [ModelDirectory.Component: [String: LoRA]]
  /// Whether they are added to the weights or computed beside them; see `Module.mergeAdapters()`.
  public var isMerged = false

  /// Adapters by part and by the layer's path in it.
  public init(_ layers: [ModelDirectory.Component: [String: LoRA]]) { self.layers = layers }

  /// What several do together: those of one layer are added up. Throws `TorchError`.
  public static func sum(_ sets: [AdapterSet]) throws -> AdapterSet {
    var all: [ModelDirectory.Component: [String: [LoRA]]] = [:]
    for set in sets {
      for (part, adapters) in set.layers {
        all[part, default: [:]].merge(adapters.mapValues { [$0] }) { $0 + $1 }
      }
    }
    return AdapterSet(try all.mapValues { try $0.mapValues(LoRA.sum) })
  }

  /// Puts the adapters of a part into its layers, and takes all others out. Throws `TorchError`.
  public func attach(to model: some Module, as part: ModelDirectory.Component) throws {
    model.setAdapters(layers[part, default: [:]])
    if isMerged { try model.mergeAdapters() }
  }
}
