import Torch

/// The fused layers of a model. Connects the trained matrices, in float32, with the copies of them
/// that the passes use, in the type of the model.
package final class AdapterFusion {
  private let memories: [FusedMemory]

  fileprivate init(_ layers: [FusedLinears]) throws {
    struct Kind: Hashable {
      let dtype: DType
      let device: Device
    }
    let kinds = Dictionary(grouping: layers) {
      Kind(dtype: $0.dtype, device: $0.device)
    }
    memories = try kinds.values.map(FusedMemory.init)
    try refresh()
  }

  /// Copies the trained matrices into the layers. Call it after every change of them. Throws
  /// `TorchError`.
  package func refresh() throws { for memory in memories { try memory.refresh() } }

  /// Adds the gradients of a backward pass to those of the trained matrices. Throws `TorchError`.
  package func collectGradients() throws {
    for memory in memories { try memory.collectGradients() }
  }

  /// Drops the gradients of a backward pass that were not collected. Throws `TorchError`.
  package func dropGradients() throws {
    for memory in memories { try memory.dropGradients() }
  }
}

extension Module {
  /// Fuses the groups of linear layers below this module whose adapters are LoRAs, for training.
  /// Other layers stay as they are. Call it once for a set of adapters. Throws `TorchError`.
  package func fuseAdapters() throws -> AdapterFusion {
    try AdapterFusion(linearGroups().compactMap { try $0.fuse() })
  }

  /// Lets fused layers forget the weights that they have joined and that are now in a stored form.
  func dropJoinedWeights() { for group in linearGroups() { group.dropJoinedWeight() } }

  /// The groups of linear layers below this module.
  func linearGroups() -> [LinearGroup] {
    ([self as any Module] + modules().map(\.module))
      .compactMap { $0 as? any LinearGrouping }.flatMap(\.linearGroups)
  }
}
