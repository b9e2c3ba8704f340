import Torch

/// The fused layers of a model. Connects the trained matrices, in float32, with the copies of them
/// that the passes use, in the type of the model.
package final class AdapterFusion {
  private let layers: [FusedLinears]

  fileprivate init(_ layers: [FusedLinears]) throws {
    self.layers = layers
    try refresh()
  }

  /// Copies the trained matrices into the layers. Call it after every change of them. Throws
  /// `TorchError`.
  package func refresh() throws {
    let copies = layers.flatMap(\.copies)
    try Tensor.copyEach(to: copies.map(\.view), from: copies.map(\.trained))
  }

  /// Adds the gradients of a backward pass to those of the trained matrices. Throws `TorchError`.
  package func collectGradients() throws {
    // A few layers at a time, so that only their gradients exist in both types.
    for start in stride(from: 0, to: layers.count, by: 32) {
      let some = layers[start..<min(start + 32, layers.count)]
      try collect(some.flatMap(\.copies))
      for layer in some { try layer.dropGradients() }
    }
  }

  /// Drops the gradients of a backward pass that were not collected. Throws `TorchError`.
  package func dropGradients() throws {
    for layer in layers { try layer.dropGradients() }
  }

  private func collect(_ copies: [FusedLinears.Copy]) throws {
    var converted = Pairs()
    var added = Pairs()
    for copy in copies {
      guard let passed = try copy.gradient() else { continue }
      let sum = try copy.trained.grad
      var gradient = passed
      if passed.dtype != .float32 {
        gradient = try .empty(passed.shape, device: passed.device)
        converted.append(gradient, passed)
      }
      if let sum { added.append(sum, gradient) } else { try copy.trained.setGrad(gradient) }
    }
    try Tensor.copyEach(to: converted.targets, from: converted.sources)
    try Tensor.addEach(to: added.targets, added.sources)
  }

  private struct Pairs {
    var targets: [Tensor] = []
    var sources: [Tensor] = []

    mutating func append(_ target: Tensor, _ source: Tensor) {
      targets.append(target)
      sources.append(source)
    }
  }
}

extension Module {
  /// Fuses the groups of linear layers below this module whose adapters are LoRAs, for training.
  /// Other layers stay as they are. Call it once for a set of adapters. Throws `TorchError`.
  package func fuseAdapters() throws -> AdapterFusion {
    let groupings = ([self as any Module] + modules().map(\.module)).compactMap {
      $0 as? any LinearGrouping
    }
    return try AdapterFusion(groupings.flatMap(\.linearGroups).compactMap { try $0.fuse() })
  }
}
