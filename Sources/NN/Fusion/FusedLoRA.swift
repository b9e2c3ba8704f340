import Torch

/// A LoRA whose layer is one of ``FusedLinears``.
struct FusedLoRA: Adapter {
  private var lora: LoRA
  private let layers: FusedLinears

  init(lora: LoRA, layers: FusedLinears) {
    self.lora = lora
    self.layers = layers
  }

  /// Whether the fused layers apply this adapter, at its strength.
  func isMember(of other: FusedLinears) -> Bool { layers === other && strength == 1 }

  var tensors: [(name: String, tensor: Tensor)] { lora.tensors }
  var leaves: [Tensor] { layers.leaves }

  var strength: Double {
    get { lora.strength }
    set { lora.strength = newValue }
  }

  func output(of call: LayerCall) throws -> Tensor { try lora.output(of: call) }
  func delta(of weight: Tensor) throws -> Tensor { try lora.delta(of: weight) }
  func combined(with others: [any Adapter]) throws -> (any Adapter)? {
    try lora.combined(with: others.map { ($0 as? FusedLoRA)?.lora ?? $0 })
  }
}
