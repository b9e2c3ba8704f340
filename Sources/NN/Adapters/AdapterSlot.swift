import Torch

/// A layer that an adapter can be attached to.
protocol AdapterSlot: UnaryLayer {
  /// `[out, in]`, or `[out, in, k, k]` of a convolution.
  var weight: Parameter { get }
  /// The adapter in the slot.
  var adapter: (any Adapter)? { get set }
}

extension AdapterSlot {
  /// The adapter that the layer has to apply: none where the weight holds it already.
  var activeAdapter: (any Adapter)? { weight.isReplaced ? nil : adapter }

  /// Adds the adapter to the weight.
  func merge() throws {
    guard let adapter = activeAdapter else { return }
    let own = try weight.tensor
    let merged = try own.to(.float32) + adapter.delta(of: own)
    weight.replace(with: try merged.to(own.dtype))
  }
}

extension Module {
  /// The layers below this module that an adapter can be attached to, and the shapes of their weights:
  /// `[out, in]`, and `[out, in, k, k]` of a convolution.
  public func adaptableLayers() -> [(path: String, shape: [Int])] {
    slots().map { ($0.path, $0.slot.weight.shape) }
  }

  /// The adapters below this module.
  package func adapterSites() -> [AdapterSite] {
    slots().compactMap { path, slot in
      slot.adapter.map { AdapterSite(path: path, adapter: $0) }
    }
  }

  /// Puts a given adapter into each named layer and takes it out of all others, for drawing. Adapters
  /// that were merged are taken out first.
  public func setAdapters(_ adapters: [String: any Adapter]) {
    unmergeAdapters()
    for (path, slot) in slots() { slot.adapter = adapters[path] }
  }

  /// Adds the adapters in the slots to the weights, which saves their two products in every pass.
  ///
  /// The sum is taken in float32 and rounded to the weights' type: in float32 the outputs are those
  /// of the adapters beside the weights but for rounding; in a half type small updates are partly
  /// rounded away. The weights themselves are kept for `unmergeAdapters()`, which costs nothing where
  /// they are the memory of their file, and else as much again as the adapted layers. Throws
  /// `TorchError`.
  public func mergeAdapters() throws {
    try noGrad { for (_, slot) in slots() { try slot.merge() } }
  }

  /// Takes merged adapters out of the weights again, which are then the same bit for bit. The
  /// adapters stay in their slots.
  public func unmergeAdapters() {
    for (_, slot) in slots() { slot.weight.restore() }
  }

  func slots() -> [(path: String, slot: any AdapterSlot)] {
    modules().compactMap { path, module in
      (module as? any AdapterSlot).map { (path, $0) }
    }
  }
}
