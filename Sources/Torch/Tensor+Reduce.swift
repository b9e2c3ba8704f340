import CTorch

extension Tensor {
  /// The sum of all elements, a scalar.
  public func sum() throws(TorchError) -> Tensor { try Tensor(adopting: ct_sum(handle)) }

  /// The sum along some dimensions.
  public func sum(dims: [Int], keepDim: Bool = false) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_sum_axes(handle, dims.int64s, dims.count, keepDim))
  }

  /// The mean of all elements, a scalar.
  public func mean() throws(TorchError) -> Tensor { try Tensor(adopting: ct_mean(handle)) }

  /// The mean along some dimensions.
  public func mean(dims: [Int], keepDim: Bool = false) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_mean_axes(handle, dims.int64s, dims.count, keepDim))
  }

  /// The largest element, a scalar.
  public func max() throws(TorchError) -> Tensor { try Tensor(adopting: ct_max(handle)) }

  /// The 2-norm over all tensors together, a float32 scalar on their device.
  public static func norm(of tensors: [Tensor]) throws(TorchError) -> Tensor {
    try Tensor(adopting: withHandles(tensors) { ct_norm($0, $1) })
  }

  /// Multiplies the elements of every tensor in place.
  public static func scale(_ tensors: [Tensor], by factor: Double) throws(TorchError) {
    try check(withHandles(tensors) { ct_scale($0, $1, factor) })
  }
}
