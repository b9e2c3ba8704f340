import Torch

/// The fused layers of a model. Connects the trained matrices, in float32, with the copies of them
/// that the passes use, in the type of the model.
public final class AdapterFusion {
  private let copies: [FusedLinears.Copy]
  private let leaves: [Tensor]

  fileprivate init(_ layers: [FusedLinears]) throws {
    copies = layers.flatMap(\.copies)
    leaves = layers.flatMap(\.leaves)
    try refresh()
  }

  /// Copies the trained matrices into the layers. Call it after every change of them. Throws
  /// `TorchError`.
  public func refresh() throws {
    for (factor, copies) in Dictionary(grouping: copies, by: \.factor) {
      try Tensor.copyEach(to: copies.map(\.view), from: copies.map(\.trained), times: factor)
    }
  }

  /// Adds the gradients of a backward pass to those of the trained matrices. Throws `TorchError`.
  public func collectGradients() throws {
    for (factor, copies) in Dictionary(grouping: copies, by: \.factor) {
      try collect(copies, times: factor)
    }
    try dropGradients()
  }

  /// Drops the gradients of a backward pass that were not collected. Throws `TorchError`.
  public func dropGradients() throws {
    for leaf in leaves { try leaf.setGrad(nil) }
  }

  private func collect(_ copies: [FusedLinears.Copy], times factor: Double) throws {
    var first: (targets: [Tensor], sources: [Tensor]) = ([], [])
    var later: (targets: [Tensor], sources: [Tensor]) = ([], [])
    for copy in copies {
      guard let passed = try copy.gradient() else { continue }
      if let sum = try copy.trained.grad {
        later.targets.append(sum)
        later.sources.append(passed)
      } else if factor == 1, passed.dtype == .float32 {
        try copy.trained.setGrad(passed)
      } else {
        let gradient = try Tensor.empty(passed.shape, device: passed.device)
        first.targets.append(gradient)
        first.sources.append(passed)
        try copy.trained.setGrad(gradient)
      }
    }
    try Tensor.copyEach(to: first.targets, from: first.sources, times: factor)
    let wide = try later.targets.map { try Tensor.empty($0.shape, device: $0.device) }
    try Tensor.copyEach(to: wide, from: later.sources, times: factor)
    try Tensor.addEach(to: later.targets, wide)
  }
}

extension Module {
  /// Fuses the groups of linear layers below this module whose adapters are LoRAs, for training.
  /// Other layers stay as they are. Call it once for a set of adapters. Throws `TorchError`.
  public func fuseAdapters() throws -> AdapterFusion {
    let groupings = ([self as any Module] + modules().map(\.module)).compactMap {
      $0 as? any LinearGrouping
    }
    return try AdapterFusion(groupings.flatMap(\.linearGroups).compactMap { try $0.fuse() })
  }
}
