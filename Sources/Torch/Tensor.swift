import CTorch

/// An n-dimensional array in libtorch's memory, with the operations named as in PyTorch.
///
/// A tensor owns one handle and frees it when the last reference is gone. Operations return new
/// tensors, unless their documentation mentions `in place`. Tensors are not `Sendable`: a
/// computation belongs to one thread.
public final class Tensor {
  /// Read it only from `self` or a parameter: Swift may free a temporary before the C call that
  /// uses its handle has begun.
  let handle: OpaquePointer

  /// Takes ownership of a handle that a C call has returned; nil means that the call has failed.
  init(adopting handle: OpaquePointer?) throws(TorchError) {
    guard let handle else { throw TorchError.last }
    self.handle = handle
  }

  deinit { ct_free(handle) }

  /// The size along each dimension.
  public var shape: [Int] {
    var sizes = [Int64](repeating: 0, count: dimensions)
    checkProperty(ct_shape(handle, &sizes))
    return sizes.map(Int.init)
  }

  /// The number of dimensions.
  public var dimensions: Int { checkProperty(Int(ct_dimensions(handle))) }

  /// The number of elements.
  public var count: Int { checkProperty(Int(ct_count(handle))) }

  /// The type of the elements.
  public var dtype: DType {
    let number = ct_dtype_of(handle)
    guard let dtype = DType.allCases.first(where: { Int32($0.ctype.rawValue) == number }) else {
      preconditionFailure("no operation of this module makes tensors of another element type")
    }
    return dtype
  }

  /// The device that holds the elements.
  public var device: Device {
    var place = ct_device(index: -1)
    checkProperty(ct_device_of(handle, &place))
    return Device(index: place.index)
  }
}

/// Calls `body` with the handles of `tensors`, which stay alive until it returns.
func withHandles<Result>(
  _ tensors: [Tensor], _ body: (UnsafePointer<OpaquePointer>, Int) -> Result
) -> Result {
  withExtendedLifetime(tensors) {
    // One element more than the tensors, so that an empty list also has an address.
    let handles = tensors.map(\.handle)
    return withUnsafeTemporaryAllocation(of: OpaquePointer.self, capacity: handles.count + 1) {
      buffer in
      _ = buffer.initialize(from: handles)
      guard let address = buffer.baseAddress else {
        preconditionFailure("a temporary allocation of at least one element has an address")
      }
      return body(UnsafePointer(address), handles.count)
    }
  }
}

extension [Int] {
  /// Sizes in the type that libtorch takes.
  var int64s: [Int64] { map(Int64.init) }
}
