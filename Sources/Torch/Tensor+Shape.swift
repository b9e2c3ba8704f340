import CTorch

extension Tensor {
  /// The same elements in another shape; one size may be -1 and is then inferred.
  public func reshape(_ shape: [Int]) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_reshape(handle, shape.int64s, shape.count))
  }

  /// The dimensions in another order.
  public func permute(_ order: [Int]) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_permute(handle, order.int64s, order.count))
  }

  /// The same elements with two dimensions exchanged.
  public func transpose(_ first: Int, _ second: Int) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_transpose(handle, Int64(first), Int64(second)))
  }

  /// The `length` slices from `start` along a dimension.
  public func narrow(dim: Int, start: Int, length: Int) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_narrow(handle, Int64(dim), Int64(start), Int64(length)))
  }

  /// Equal parts along a dimension, whose size must be a multiple of `parts`.
  public func chunk(_ parts: Int, dim: Int) throws(TorchError) -> [Tensor] {
    let axis = dim < 0 ? dim + dimensions : dim
    guard shape.indices.contains(axis) else {
      throw TorchError("A tensor of shape \(shape) has no dimension \(dim).")
    }
    let size = shape[axis]
    guard parts > 0, size % parts == 0 else {
      throw TorchError("A dimension of size \(size) cannot be cut into \(parts) equal parts.")
    }
    return try split(Array(repeating: size / parts, count: parts), dim: dim)
  }

  /// Parts of the given sizes along a dimension. Their sum must be the size of the dimension.
  public func split(_ sizes: [Int], dim: Int) throws(TorchError) -> [Tensor] {
    var handles = [OpaquePointer?](repeating: nil, count: sizes.count)
    try check(ct_split(handle, sizes.int64s, sizes.count, Int64(dim), &handles))
    var parts: [Tensor] = []
    for handle in handles { parts.append(try Tensor(adopting: handle)) }
    return parts
  }

  /// The slice at `index`, without that dimension.
  public func select(dim: Int, index: Int) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_select(handle, Int64(dim), Int64(index)))
  }

  /// The slices along a dimension at the int64 positions in `index`.
  public func indexSelect(dim: Int, _ index: Tensor) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_index_select(handle, Int64(dim), index.handle))
  }

  /// The same elements with a new dimension of size 1 at `dim`.
  public func unsqueeze(_ dim: Int) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_unsqueeze(handle, Int64(dim)))
  }

  /// Dimensions of size 1 repeated without copying.
  public func expand(_ shape: [Int]) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_expand(handle, shape.int64s, shape.count))
  }

  /// The same elements of `[B, C, H, W]` with the channels of each pixel side by side in memory.
  public func channelsLast() throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_channels_last(handle))
  }

  /// Padded with a constant. Sizes are in the order of `F.pad`: before and after in the last
  /// dimension, then in the one before it.
  public func pad(_ padding: [Int], value: Double = 0) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_pad(handle, padding.int64s, padding.count, value))
  }

  /// Tensors concatenated along an existing dimension.
  public static func cat(_ tensors: [Tensor], dim: Int) throws(TorchError) -> Tensor {
    try Tensor(adopting: withHandles(tensors) { ct_cat($0, $1, Int64(dim)) })
  }

  /// All elements in one dimension.
  public func flatten() throws(TorchError) -> Tensor { try reshape([-1]) }

  /// The elements converted to a type; the same tensor if it has that type.
  public func to(_ dtype: DType) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_to_dtype(handle, dtype.ctype))
  }

  /// The elements on a device; the same tensor if it is on that device.
  public func to(_ device: Device) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_to_device(handle, device.cdevice))
  }
}
