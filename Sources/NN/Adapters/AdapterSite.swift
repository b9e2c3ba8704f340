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
      "The adapter target \"\(target)\" matches no linear layer and no convolution of this model; "
        + "use names such as to_q, to_k, to_v, to_out.0."
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
  /// Puts a new adapter into every layer below this module whose path ends in one of `targets`. A
  /// target matches whole parts of the path: `to_q` does not match `into_q`.
  ///
  /// - Parameters:
  ///   - targets: ends of paths of linear layers and convolutions, such as `to_q`.
  ///   - generator: gives the random generator of a site by the site's index.
  /// - Throws: `AdapterError`, `TorchError`; then no adapter is attached.
  public func attachAdapters(
    _ kind: any AdapterKind.Type, targets: [String], settings: AdapterSettings,
    generator: (Int) throws -> Generator
  ) throws -> [AdapterSite] {
    let layers = try slots(matching: targets)
    let adapters = try layers.enumerated().map { index, layer in
      let adapter: any AdapterKind = try kind.make(
        for: layer.slot.weight.tensor, settings: settings, generator: generator(index))
      for (_, tensor) in adapter.tensors { try tensor.setRequiresGrad(true) }
      return adapter
    }
    return zip(layers, adapters).map { layer, adapter in
      layer.slot.adapter = adapter
      return AdapterSite(path: layer.path, adapter: adapter)
    }
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

  /// The paths of the layers that `attachAdapters` would put adapters into. Throws
  /// `AdapterError.noSuchTarget` for a target that matches nothing.
  package func adapterPaths(matching targets: [String]) throws(AdapterError) -> [String] {
    try slots(matching: targets).map(\.path)
  }

  private func slots(
    matching targets: [String]
  ) throws(AdapterError) -> [(path: String, slot: any AdapterSlot)] {
    let layers = slots()
    func matches(_ path: String, _ target: String) -> Bool {
      path == target || path.hasSuffix(".\(target)")
    }
    for target in targets where !layers.contains(where: { matches($0.path, target) }) {
      throw .noSuchTarget(target)
    }
    return layers.filter { layer in targets.contains { matches(layer.path, $0) } }
  }
}
