import CTorch

/// A seeded source of random numbers, with the values of `torch.Generator("cpu")` for every device.
public final class Generator {
  private let state: Tensor

  /// A generator as `manual_seed(seed)` leaves it.
  public init(seed: UInt64) throws(TorchError) {
    state = try Tensor(adopting: ct_generator(seed))
  }

  /// Standard normal float32 values, as `torch.randn(shape, generator:)`; advances the generator.
  public func normal(_ shape: [Int]) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_randn(state.handle, shape.int64s, shape.count))
  }
}

extension Tensor {
  /// Ones with a probability and zeros, float32, as `Tensor.bernoulli_` of PyTorch with a seeded generator
  /// of the device. A GPU has other values than a CPU.
  public static func bernoulli(
    _ shape: [Int], probability: Double, seed: UInt64, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try Tensor(
      adopting: ct_bernoulli(shape.int64s, shape.count, probability, seed, device.cdevice))
  }
}
