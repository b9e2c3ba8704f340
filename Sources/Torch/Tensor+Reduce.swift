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

  /// The largest absolute value along the last dimension.
  public func maxAbsOfLast() throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_max_abs_last(handle))
  }

  /// The 2-norm over all tensors together, a float32 scalar on their device.
  public static func norm(of tensors: [Tensor]) throws(TorchError) -> Tensor {
    try Tensor(adopting: withHandles(tensors) { ct_norm($0, $1) })
  }

  /// Scales every tensor in place so that the 2-norm of all, which is the scalar `norm`, becomes at
  /// most `maximum` (Pascanu et al. 2013, torch.nn.utils.clip_grad_norm_). Does not wait for the
  /// device.
  package static func clip(
    _ tensors: [Tensor], norm: Tensor, to maximum: Double
  ) throws(TorchError) {
    try check(withHandles(tensors) { ct_clip($0, $1, norm.handle, maximum) })
  }

  /// 1 as a float32 scalar if an element is not finite, else 0. Does not wait for the device.
  package func foundInf() throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_found_inf(handle))
  }

  /// Multiplies the elements of every tensor in place.
  public static func scale(_ tensors: [Tensor], by factor: Double) throws(TorchError) {
    try check(withHandles(tensors) { ct_scale($0, $1, factor) })
  }

  /// Overwrites each destination in place with its source, converting as needed.
  package static func copyEach(
    to destinations: [Tensor], from sources: [Tensor]
  ) throws(TorchError) {
    try eachPair(destinations, sources) { ct_copy_each($0, $1, $2) }
  }

  /// Adds each source to its destination in place. Both have the same type.
  package static func addEach(to destinations: [Tensor], _ sources: [Tensor]) throws(TorchError) {
    try eachPair(destinations, sources) { ct_add_each($0, $1, $2) }
  }

  private static func eachPair(
    _ destinations: [Tensor], _ sources: [Tensor],
    _ body: (UnsafePointer<OpaquePointer>, UnsafePointer<OpaquePointer>, Int) -> Int32
  ) throws(TorchError) {
    guard destinations.count == sources.count else {
      throw TorchError("\(destinations.count) tensors cannot be paired with \(sources.count).")
    }
    try check(
      withHandles(destinations) { destinations, count in
        withHandles(sources) { sources, _ in body(destinations, sources, count) }
      })
  }
}
