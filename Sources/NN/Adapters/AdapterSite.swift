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

extension [AdapterSite] {
  /// The same sites with other tensors, in the order of those of all sites.
  package func replacingTensors(by tensors: [Tensor]) throws -> [AdapterSite] {
    var next = 0
    return try map { site in
      AdapterSite(
        path: site.path,
        adapter: try site.adapter.mapTensors { _ in
          defer { next += 1 }
          return tensors[next]
        })
    }
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
  /// The rank is above the smaller side of a weight, which has no more singular values.
  case rankAbove(Int, shape: [Int])
  /// LoKr's factor does not divide both sides of a weight; these do.
  case factor(Int, shape: [Int], possible: [Int])
  /// First values that only LoRA has, for another kind.
  case initialization(LoRAInitialization, kind: String)
  /// An adapter of a kind that is not trained.
  case notTrainable(kind: String, layer: String)
  /// A kind that is not read.
  case otherKind(String)
  /// An adapter changes the bias of a layer with this weight, which has none.
  case noBias([Int])
  /// An adapter at a strength that no file can state for its kind.
  case strength(Double, kind: String)

  /// The kind of error.
  public var kind: ErrorKind { .usage }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noSuchTarget(let target):
      "The pattern \"\(target)\" matches no linear layer and no convolution of this model; use parts of "
        + "paths, such as to_q or down_blocks.1 of the UNet, or q_proj of a text encoder."
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
    case .rankAbove(let rank, let shape):
      "A weight of shape \(shape) does not have \(rank) singular values, with which PiSSA begins; use "
        + "a lower rank or another initialization."
    case .factor(let factor, let shape, let possible):
      "LoKr's factor \(factor) does not divide both sides of a weight of shape \(shape); use -1, or "
        + "one of \(possible.map { "\($0)" }.joined(separator: ", "))."
    case .initialization(let initialization, let kind):
      "The initialization \(initialization.rawValue) is not one of \(kind); omit it, or train a LoRA."
    case .notTrainable(let kind, let layer):
      "The adapter of \(layer) is of the kind \(kind), which is not trained; start from LoRA, DoRA, "
        + "LoHa or LoKr."
    case .otherKind(let kind):
      "An adapter of the kind \(kind) is not read; merge it into its base model with the program that "
        + "made it."
    case .noBias(let shape):
      "An adapter changes the bias of a layer whose weight has the shape \(shape), which has no bias in "
        + "this model; draw with the adapter instead of merging it."
    case .strength(let strength, let kind):
      "An adapter of the kind \(kind) at strength \(strength) cannot be stored; use strength 1."
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
    _ kind: any TrainableAdapterKind.Type, to selection: LayerSelection,
    settings: (_ path: String) throws -> AdapterSettings,
    generator: (Int) throws -> Generator
  ) throws -> [AdapterSite] {
    let layers = try slots(in: selection)
    let adapters = try layers.enumerated().map { index, layer in
      let adapter = try kind.make(
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
    _ kind: any TrainableAdapterKind.Type, targets: [String], settings: AdapterSettings,
    generator: (Int) throws -> Generator
  ) throws -> [AdapterSite] {
    try attachAdapters(
      kind, to: LayerSelection(targets), settings: { _ in settings }, generator: generator)
  }

  /// Puts adapters into the layers with these paths, to be trained further. Throws
  /// `AdapterError.noSuchTarget` for a path without a layer, `.notTrainable`, `TorchError`; then no
  /// adapter is attached.
  public func attachAdapters(_ adapters: [String: any AdapterKind]) throws -> [AdapterSite] {
    let layers = slots().filter { adapters[$0.path] != nil }
    let paths = Set(layers.map(\.path))
    if let path = adapters.keys.first(where: { !paths.contains($0) }) {
      throw AdapterError.noSuchTarget(path)
    }
    for (path, adapter) in adapters.sorted(by: { $0.key < $1.key })
    where !(adapter is any TrainableAdapterKind) {
      throw AdapterError.notTrainable(kind: type(of: adapter).name, layer: path)
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
