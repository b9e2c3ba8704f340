import NN
import Torch

extension AdapterKind {
  /// The Frobenius norm of the changes of a layer's weight and bias; nil if they depend on the base's
  /// weight. Throws `TorchError`.
  func changeNorm() throws -> Double? {
    if let lora = self as? LoRA { return try lora.deltaNorm() }
    if let lokr = self as? LoKr { return try lokr.deltaNorm() }
    guard !Self.readsWeight, let weightShape else { return nil }
    let delta = try mapTensors { try $0.to(.float32) }.delta(of: .zeros(weightShape))
    let bias = try biasDelta()?.to(.float64).square().sum().item() ?? 0
    return try (delta.to(.float64).square().sum().item() + bias).squareRoot()
  }
}

extension LoRA {
  /// The Frobenius norm of the delta, from the matrices' products with themselves, which are
  /// `[rank, rank]`.
  func deltaNorm() throws -> Double {
    let rank = down.shape[0]
    let (up, down) = (
      try up.to(.float64).reshape([-1, rank]), try down.to(.float64).reshape([rank, -1])
    )
    let squares = try (up.transpose(0, 1).matmul(up) * down.matmul(down.transpose(0, 1))).sum()
    return try abs(factor) * max(squares.item(), 0).squareRoot()
  }
}
