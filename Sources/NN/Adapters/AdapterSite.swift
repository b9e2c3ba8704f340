public import Files
public import Torch

/// One adapted layer: its path in the model and its adapter. The optimizer, the checkpoint writer
/// and the loader share one list of sites.
public struct AdapterSite {
  /// The layer's path, such as `down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q`.
  public let path: String

  /// The adapter in the layer's slot.
  public let adapter: any AdapterKind

  /// The adapter's tensors, by their names in files.
  public var tensors: [(name: String, tensor: Tensor)] {
    adapter.tensors.map { ("\(path).\($0.name)", $0.tensor) }
  }
}

/// An adapter that cannot be attached, or cannot be read from the tensors of a file.
public enum AdapterError: ReportableError, Equatable {
  /// A target matches no layer that an adapter can be attached to.
  case noSuchTarget(String)
  /// Every layer that matches a target is excluded.
  case noLayers(excluded: [String])
  /// The rank is not positive.
  case rank(Int)
  /// Some of an adapter's tensors are missing.
  case incomplete(missing: [String])
  /// The shapes of an adapter's tensors do not belong together.
  case shapes([[Int]])
  /// The adapter was made for a weight of this shape, and the layer's weight has another.
  case otherWeight([Int])

  /// The kind of error.
  public var kind: ErrorKind { .usage }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noSuchTarget(let target):
      "The pattern \"\(target)\" matches no linear layer and no convolution of this model; use parts of "
        + "paths such as to_q, attn2.to_k or down_blocks.1."
    case .noLayers(let excluded):
      "No layer is left for an adapter, because \(excluded.joined(separator: ", ")) excludes all of them; "
        + "exclude fewer layers."
    case .rank(let rank):
      "An adapter of rank \(rank) has nothing to train; use a rank of 1 or more."
    case .incomplete(let missing):
      "An adapter lacks its \(missing.joined(separator: ", ")); use a file that was saved completely."
    case .shapes(let shapes):
      "An adapter's tensors of shapes \(shapes.map { "\($0)" }.joined(separator: " and ")) do not "
        + "belong together; use a file that was saved completely."
    case .otherWeight(let shape):
      "An adapter was made for a weight of shape \(shape); use the model that it was trained on."
    }
  }
}

extension Module {
  /// Puts a new adapter into every layer below this module that a selection contains.
  ///
  /// - Parameters:
  ///   - settings: gives the settings of a layer's adapter by the layer's path.
  ///   - generator: gives the random generator of a site by the site's index.
  /// - Throws: `AdapterError`, `TorchError`; then no adapter is attached.
  public func attachAdapters(
    _ kind: any AdapterKind.Type, to selection: LayerSelection,
    settings: (_ path: String) throws -> AdapterSettings,
    generator: (Int) throws -> Generator
  ) throws -> [AdapterSite] {
    let layers = try slots(in: selection)
    let adapters = try layers.enumerated().map { index, layer in
      let adapter: any AdapterKind = try kind.make(
        for: layer.slot.weight.tensor, settings: settings(layer.path),
        generator: generator(index))
      for (_, tensor) in adapter.tensors { try tensor.setRequiresGrad(true) }
      return adapter
    }
    return zip(layers, adapters).map { layer, adapter in
      layer.slot.adapter = adapter
      return AdapterSite(path: layer.path, adapter: adapter)
    }
  }

  /// Puts new adapters with the same settings into every layer that matches one of `targets`
  /// (``LayerPattern``). Throws `AdapterError`, `TorchError`; then no adapter is attached.
  public func attachAdapters(
    _ kind: any AdapterKind.Type, targets: [String], settings: AdapterSettings,
    generator: (Int) throws -> Generator
  ) throws -> [AdapterSite] {
    try attachAdapters(
      kind, to: LayerSelection(targets), settings: { _ in settings }, generator: generator)
  }

  /// Puts adapters into the layers with these paths, to be trained further. Throws
  /// `AdapterError.noSuchTarget` for a path without a layer, `TorchError`; then no adapter is
  /// attached.
  public func attachAdapters(_ adapters: [String: any AdapterKind]) throws -> [AdapterSite] {
    let layers = slots().filter { adapters[$0.path] != nil }
    let paths = Set(layers.map(\.path))
    if let path = adapters.keys.first(where: { !paths.contains($0) }) {
      throw AdapterError.noSuchTarget(path)
    }
    for (_, tensor) in adapters.values.flatMap(\.tensors) { try tensor.setRequiresGrad(true) }
    return layers.compactMap { path, slot in
      adapters[path].map { adapter in
        slot.adapter = adapter
        return AdapterSite(path: path, adapter: adapter)
      }
    }
  }

  /// The paths of the layers that `attachAdapters` would put adapters into. Throws `AdapterError`.
  package func adapterPaths(in selection: LayerSelection) throws(AdapterError) -> [String] {
    try slots(in: selection).map(\.path)
  }

  private func slots(
    in selection: LayerSelection
  ) throws(AdapterError) -> [(path: String, slot: any AdapterSlot)] {
    let layers = slots()
    let selected = Set(try selection.select(from: layers.map(\.path)))
    return layers.filter { selected.contains($0.path) }
  }
}
