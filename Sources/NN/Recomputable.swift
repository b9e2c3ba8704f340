public import Torch

/// A unit of gradient checkpointing: a module whose activations may be computed again in the
/// backward pass instead of being kept.
public protocol Recomputable: Module {
  /// The trained tensors inside this unit when it is recomputed, nil when its activations are kept.
  var recomputedLeaves: [Tensor]? { get set }
}

extension Recomputable {
  /// Runs `forward` on `inputs`, recomputed in the backward pass if this unit is. `forward` may read
  /// nothing that changes besides `inputs` and this unit's adapters.
  public func recomputed(
    _ inputs: [Tensor], _ forward: @escaping ([Tensor]) throws -> Tensor
  ) throws -> Tensor {
    guard let recomputedLeaves, isGradEnabled else { return try forward(inputs) }
    let tracked = (inputs + recomputedLeaves).contains { $0.requiresGrad }
    return tracked
      ? try checkpoint(inputs, trained: recomputedLeaves, forward) : try forward(inputs)
  }
}

extension Module {
  /// Switches gradient checkpointing of every recomputable unit below this module. Call it after the
  /// adapters are attached: each unit remembers those inside it.
  public func setGradientCheckpointing(_ enabled: Bool) {
    for (_, module) in modules() {
      guard let unit = module as? any Recomputable else { continue }
      unit.recomputedLeaves = enabled ? unit.adapterSites().flatMap(\.tensors).map(\.tensor) : nil
    }
  }
}
