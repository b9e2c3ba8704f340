package import Torch

/// Linear layers with the same input, such as those of queries, keys and values.
///
/// Each layer computes its output alone. After ``Module/fuseAdapters()`` the whole group is one matrix
/// product, and the adapters of its layers are another two.
package final class LinearGroup {
  let layers: [Linear]
  private var fused: FusedLinears?

  /// A group of one or more layers. A layer belongs to one group only.
  package init(_ layers: [Linear]) { self.layers = layers }

  /// The outputs of the layers for `[..., in]`, in their order.
  ///
  /// - Parameter norm: comes before the layers. A fused group computes its output again in the
  ///   backward pass instead of keeping it.
  package func callAsFunction(_ x: Tensor, after norm: LayerNorm? = nil) throws -> [Tensor] {
    guard let fused, isFused else {
      let input = try norm?(x) ?? x
      return try layers.map { try $0(input) }
    }
    return try fused(x, after: norm)
  }

  /// Whether one matrix product computes all layers. Other adapters in the layers end that.
  package var isFused: Bool {
    guard let fused else { return false }
    return zip(layers, fused.members).allSatisfy { layer, member in
      guard let adapter = layer.adapter else { return member == nil && !layer.weight.isReplaced }
      return (adapter as? FusedLoRA)?.isMember(of: fused) == true && !layer.weight.isReplaced
    }
  }

  /// Lets the fused layers forget their joined weight.
  func dropJoinedWeight() { fused?.dropJoinedWeight() }

  /// Fuses the layers with their adapters; nil if no layer has one, or one has another kind than
  /// LoRA. Throws `TorchError`.
  func fuse() throws -> FusedLinears? {
    let areFusible = layers.allSatisfy { layer in
      guard !layer.weight.isReplaced, let adapter = layer.adapter else {
        return !layer.weight.isReplaced
      }
      return (adapter as? LoRA)?.strength == 1
    }
    let adapters = layers.map { $0.adapter as? LoRA }
    guard areFusible, adapters.contains(where: { $0 != nil }) else { return nil }
    let fused = try FusedLinears(layers, adapters)
    for (layer, adapter) in zip(layers, adapters) {
      layer.adapter = adapter.map { FusedLoRA(lora: $0, layers: fused) }
    }
    self.fused = fused
    return fused
  }
}

/// A module whose linear layers form groups.
package protocol LinearGrouping: Module {
  /// The groups of the layers below this module that no other module names.
  var linearGroups: [LinearGroup] { get }
}
