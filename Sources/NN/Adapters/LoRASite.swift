public import Torch

/// One adapted layer: where it is in the model, and its adapter. The one list of sites is what the
/// optimizer, the checkpoint writer and the loader share.
public struct LoRASite {
  /// The layer's path, as `down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q`.
  public let path: String

  /// The adapter in the layer's slot.
  public let adapter: LoRA

  /// The adapter's tensors under the names that diffusers and PEFT give them.
  public var tensors: [(name: String, tensor: Tensor)] {
    [("\(path).lora_A.weight", adapter.down), ("\(path).lora_B.weight", adapter.up)]
  }
}

/// An adapter that cannot be attached.
public enum LoRAError: Error, CustomStringConvertible {
  /// A target names no linear layer of the model.
  case noSuchTarget(String)
  /// The rank is not positive.
  case rank(Int)

  /// The sentence to show.
  public var description: String {
    switch self {
    case .noSuchTarget(let target):
      "The LoRA target \"\(target)\" names no linear layer of this model; "
        + "use names such as to_q, to_k, to_v, to_out.0."
    case .rank(let rank):
      "A LoRA of rank \(rank) has nothing to train; use a rank of 1 or more."
    }
  }
}

extension Module {
  /// The linear layers below this module whose path ends in one of `targets`, at a boundary of its
  /// parts: `to_q` does not match `into_q`. Throws `LoRAError` for a target that matches nothing.
  public func linearLayers(matching targets: [String]) throws -> [(path: String, layer: Linear)] {
    let layers = modules().compactMap { path, module in
      (module as? Linear).map { (path: path, layer: $0) }
    }
    func matches(_ path: String, _ target: String) -> Bool {
      path == target || path.hasSuffix(".\(target)")
    }
    for target in targets where !layers.contains(where: { matches($0.path, target) }) {
      throw LoRAError.noSuchTarget(target)
    }
    return layers.filter { layer in targets.contains { matches(layer.path, $0) } }
  }

  /// Puts a new adapter into every matching linear layer. The up matrix is zero, so that training
  /// starts at the base model; the down matrix is normal with deviation 1 / rank, as diffusers'
  /// scripts initialise it.
  ///
  /// - Parameters:
  ///   - targets: ends of paths, as `to_q`.
  ///   - alpha: the update is scaled by alpha / rank.
  ///   - generator: gives a site's generator by the site's number.
  /// - Throws: `LoRAError`, `TorchError`.
  public func attachLoRA(
    targets: [String], rank: Int, alpha: Double, generator: (Int) throws -> Generator
  ) throws -> [LoRASite] {
    guard rank > 0 else { throw LoRAError.rank(rank) }
    return try linearLayers(matching: targets).enumerated().map { index, site in
      let layer = site.layer
      let device = try layer.device
      let down = try generator(index).normal([rank, layer.inFeatures]) * (1 / Double(rank))
      let adapter = LoRA(
        down: try down.to(device),
        up: try .zeros([layer.outFeatures, rank], device: device), scale: alpha / Double(rank))
      try adapter.down.setRequiresGrad(true)
      try adapter.up.setRequiresGrad(true)
      layer.adapter = adapter
      return LoRASite(path: site.path, adapter: adapter)
    }
  }
}
