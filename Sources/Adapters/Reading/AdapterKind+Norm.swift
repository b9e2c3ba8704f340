import NN
import Torch

extension AdapterKind {
  /// The Frobenius norm of the changes of a layer's weight and bias; nil if they depend on the base's
  /// weight. Throws `TorchError`.
  func changeNorm() throws -> Double? {
    if let lora = self as? LoRA { return try lora.deltaNorm().item() }
    if let lokr = self as? LoKr { return try lokr.deltaNorm().item() }
    guard !Self.readsWeight, let weightShape else { return nil }
    let delta = try mapTensors { try $0.to(.float32) }.delta(of: .zeros(weightShape))
    let bias = try biasDelta()?.to(.float64).square().sum().item() ?? 0
    return try (delta.to(.float64).square().sum().item() + bias).squareRoot()
  }
}
