import Torch

/// What one adapter leaves out in one training pass.
public struct AdapterDraws {
  private let rates: DropoutRates
  private let seed: (DropoutDraw) -> UInt64

  package init(rates: DropoutRates, seed: @escaping (DropoutDraw) -> UInt64) {
    self.rates = rates
    self.seed = seed
  }

  /// Whether the whole adapter is left out.
  var dropsModule: Bool {
    rates.modules > 0 && Double(seed(.module) >> 11) * 0x1p-53 < rates.modules
  }

  /// Whether values are left out.
  var dropsValues: Bool { rates.values > 0 }

  /// Values with zeros in place of those that are left out. The others grow, so that the mean stays
  /// (torch.nn.Dropout). Throws `TorchError`.
  func droppingValues(_ x: Tensor) throws -> Tensor {
    guard dropsValues else { return x }
    return try x * kept(x.shape, rate: rates.values, .values, like: x) * (1 / (1 - rates.values))
  }

  /// The inner values of a LoRA, `[B, ..., rank]` or `[B, rank, H, W]`, without the ranks that are left out
  /// in each sample. The others grow, so that the mean stays (sd-scripts' `LoRAModule`). Throws `TorchError`.
  func droppingRanks(_ low: Tensor, of operation: LayerOperation) throws -> Tensor {
    guard rates.ranks > 0 else { return low }
    let samples = low.shape[0]
    let mask: [Int] =
      switch operation {
      case .linear:
        [samples] + low.shape[1..<low.dimensions - 1].map { _ in 1 } + low.shape.suffix(1)
      case .convolution: [samples, low.shape[1], 1, 1]
      }
    let kept = try kept(
      [samples, mask.dropFirst().reduce(1, *)], rate: rates.ranks, .ranks, like: low)
    return try low * kept.reshape(mask) * (1 / (1 - rates.ranks))
  }

  /// One number for each output, float32 `[out]`: 0 for those that stay as they are, else 1. Nil if all
  /// change. As in LyCORIS, the changes of the others do not grow. Throws `TorchError`.
  func keptOutputs(_ count: Int, on device: Device) throws -> Tensor? {
    guard rates.ranks > 0 else { return nil }
    return try .bernoulli([count], probability: 1 - rates.ranks, seed: seed(.ranks), device: device)
  }

  private func kept(
    _ shape: [Int], rate: Double, _ draw: DropoutDraw, like x: Tensor
  ) throws -> Tensor {
    try Tensor.bernoulli(shape, probability: 1 - rate, seed: seed(draw), device: x.device)
      .to(x.dtype)
  }
}
