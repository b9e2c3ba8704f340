import Torch

/// A layer that an adapter can be attached to.
protocol AdapterSlot: UnaryLayer {
  /// `[out, in]`, or `[out, in, k, k]` of a convolution.
  var weight: Parameter { get }
  /// `[out]`, if the layer has one.
  var bias: Parameter? { get }
  /// The adapter in the slot.
  var adapter: (any Adapter)? { get set }
}

extension AdapterSlot {
  /// The adapter that the layer applies; nil if it is merged into the weight.
  var activeAdapter: (any Adapter)? { weight.isReplaced ? nil : adapter }

  /// Adds the adapter to the weight, and to the bias if it changes that.
  func merge() throws {
    guard let adapter = activeAdapter else { return }
    let own = try weight.tensor
    let merged = try own.to(.float32) + adapter.delta(of: own)
    if let delta = try adapter.biasDelta() {
      guard let bias else { throw AdapterError.noBias(weight.shape) }
      let own = try bias.tensor
      bias.replace(with: try (own.to(.float32) + delta).to(own.dtype))
    }
    weight.replace(with: try merged.to(own.dtype))
  }

  /// Restores the weight and the bias from before `merge()`.
  func unmerge() {
    weight.restore()
    bias?.restore()
  }
}

extension Module {
  /// The layers below this module that an adapter can be attached to, and the shapes of their
  /// weights: `[out, in]`, and `[out, in, k, k]` of a convolution.
  public func adaptableLayers() -> [(path: String, shape: [Int])] {
    slots().map { ($0.path, $0.slot.weight.shape) }
  }

  /// The adapters below this module, by the paths of their layers.
  package func adapters() -> [(path: String, adapter: any Adapter)] {
    slots().compactMap { path, slot in slot.adapter.map { (path, $0) } }
  }

  /// Puts adapters into the layers with these paths and removes those of all other layers. Merged
  /// adapters are removed from the weights first.
  public func setAdapters(_ adapters: [String: any Adapter]) {
    unmergeAdapters()
    for (path, slot) in slots() { slot.adapter = adapters[path] }
  }

  /// Adds the adapters to the weights, which saves their two matrix products in every pass.
  ///
  /// The sum is computed in float32 and rounded to the weights' type. In float32 the outputs differ
  /// from those of unmerged adapters by rounding only; in a half type small updates are partly
  /// rounded away. The original weights are kept for `unmergeAdapters()`. That costs no memory for
  /// weights that are mapped from their file, and otherwise as much as the adapted layers take.
  /// Throws `AdapterError.noBias` for a change of a bias that a layer lacks, `TorchError`.
  public func mergeAdapters() throws {
    try noGrad { for (_, slot) in slots() { try slot.merge() } }
  }

  /// Restores the weights from before `mergeAdapters()`, bit for bit. The adapters stay in their
  /// slots.
  public func unmergeAdapters() {
    for (_, slot) in slots() { slot.unmerge() }
  }

  func slots() -> [(path: String, slot: any AdapterSlot)] {
    modules().compactMap { path, module in
      (module as? any AdapterSlot).map { (path, $0) }
    }
  }
}
