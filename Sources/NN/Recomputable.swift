public import Torch

/// A unit of gradient checkpointing: a module whose activations can be computed again in the
/// backward pass instead of being kept.
public protocol Recomputable: Module {
  /// The extent of gradient checkpointing that recomputes this unit.
  static var checkpointing: CheckpointingExtent { get }
  /// The trained tensors inside this unit when it is recomputed, nil when its activations are kept.
  var recomputedLeaves: [Tensor]? { get set }
}

/// Which activations gradient checkpointing computes again.
public enum CheckpointingExtent: String, Sendable, CaseIterable {
  /// Those of the feed-forward layers, which are the largest and cost the least time.
  case feedForward = "feed-forward"
  /// Those of all blocks, of which only the inputs are kept.
  case blocks
}

extension Recomputable {
  /// Blocks.
  public static var checkpointing: CheckpointingExtent { .blocks }
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
  /// Turns gradient checkpointing on or off for the recomputable units below this module. Call it after
  /// the adapters are attached and fused, because each unit stores the list of those inside it.
  public func setGradientCheckpointing(_ enabled: Bool) {
    setGradientCheckpointing(enabled ? .blocks : nil)
  }

  /// As ``setGradientCheckpointing(_:)``, to an extent; nil turns it off.
  public func setGradientCheckpointing(_ extent: CheckpointingExtent?) {
    for unit in recomputableUnits() {
      unit.recomputedLeaves = type(of: unit).checkpointing == extent ? unit.adapterLeaves() : nil
    }
  }

  /// The recomputable units below this module.
  func recomputableUnits() -> [any Recomputable] {
    modules().compactMap { $0.module as? any Recomputable }
  }

  /// The leaves of all adapters below this module, each once.
  private func adapterLeaves() -> [Tensor] {
    var seen: Set<ObjectIdentifier> = []
    return adapters().flatMap(\.adapter.leaves).filter {
      seen.insert(ObjectIdentifier($0)).inserted
    }
  }
}
