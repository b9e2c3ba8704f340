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
