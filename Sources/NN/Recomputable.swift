public import Torch

/// A unit of gradient checkpointing: a module whose activations can be computed again in the
/// backward pass instead of being kept.
public protocol Recomputable: Module {
  /// The trained tensors inside this unit when it is recomputed, nil when its activations are kept.
  var recomputedLeaves: [Tensor]? { get set }
}

extension Recomputable {
  /// Runs `forward` on `inputs`, and again in the backward pass if this unit is recomputed. Of
  /// everything that changes, `forward` may read only `inputs` and this unit's adapters.
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
  /// Turns gradient checkpointing on or off for every recomputable unit below this module. Call it
  /// after the adapters are attached and fused, because each unit stores the list of those inside it.
  public func setGradientCheckpointing(_ enabled: Bool) {
    for (_, module) in modules() {
      guard let unit = module as? any Recomputable else { continue }
      unit.recomputedLeaves = enabled ? unit.adapterLeaves() : nil
    }
  }

  /// The leaves of all adapters below this module, each once.
  private func adapterLeaves() -> [Tensor] {
    var seen: Set<ObjectIdentifier> = []
    return adapters().flatMap(\.adapter.leaves).filter {
      seen.insert(ObjectIdentifier($0)).inserted
    }
  }
}
