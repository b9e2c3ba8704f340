import CTorch

extension Tensor {
  /// A tensor with every element `value`.
  public static func full(
    _ shape: [Int], value: Double, dtype: DType = .float32, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    let handle = ct_full(shape.int64s, shape.count, value, dtype.ctype, device.cdevice)
    return try Tensor(adopting: handle)
  }

  /// A tensor of zeros.
  public static func zeros(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try full(shape, value: 0, dtype: dtype, device: device)
  }

  /// A tensor of ones.
  public static func ones(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try full(shape, value: 1, dtype: dtype, device: device)
  }

  /// A tensor with uninitialised elements.
  public static func empty(
    _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
  ) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_empty(shape.int64s, shape.count, dtype.ctype, device.cdevice))
  }

  /// Zeros in the shapes of tensors of one device and type, which follow each other in memory in the
  /// order in which the tensors do. Operations over many tensors take such neighbours as one.
  package static func neighbours(like tensors: [Tensor]) throws(TorchError) -> [Tensor] {
    var results = [OpaquePointer?](repeating: nil, count: tensors.count)
    let status = withHandles(tensors) { handles, count in
      ct_neighbours(handles, count, &results)
    }
    try check(status)
    var adopted: [Tensor] = []
    for result in results { adopted.append(try Tensor(adopting: result)) }
    return adopted
  }

  /// `start, start + step, ...` below `end`, on the CPU.
  public static func arange(
    start: Double = 0, end: Double, step: Double = 1, dtype: DType = .float32
  ) throws(TorchError) -> Tensor {
    try Tensor(adopting: ct_arange(start, end, step, dtype.ctype))
  }

  /// A float32 tensor on the CPU with the given elements in row-major order.
  public convenience init(_ values: [Float], shape: [Int]) throws(TorchError) {
    let handle = values.withUnsafeBytes { bytes in
      withAddress(of: bytes) {
        ct_from_bytes($0, bytes.count, shape.int64s, shape.count, CT_FLOAT32)
      }
    }
    try self.init(adopting: handle)
  }

  /// A float64 tensor on the CPU with the given elements in row-major order.
  public convenience init(_ values: [Double], shape: [Int]) throws(TorchError) {
    let handle = values.withUnsafeBytes { bytes in
      withAddress(of: bytes) {
        ct_from_bytes($0, bytes.count, shape.int64s, shape.count, CT_FLOAT64)
      }
    }
    try self.init(adopting: handle)
  }

  /// An int64 tensor on the CPU with the given elements in row-major order.
  public convenience init(_ values: [Int64], shape: [Int]) throws(TorchError) {
    let handle = values.withUnsafeBytes { bytes in
      withAddress(of: bytes) {
        ct_from_bytes($0, bytes.count, shape.int64s, shape.count, CT_INT64)
      }
    }
    try self.init(adopting: handle)
  }

  /// A uint8 tensor on the CPU with the given elements in row-major order.
  public convenience init(_ values: [UInt8], shape: [Int]) throws(TorchError) {
    let handle = values.withUnsafeBytes { bytes in
      withAddress(of: bytes) {
        ct_from_bytes($0, bytes.count, shape.int64s, shape.count, CT_UINT8)
      }
    }
    try self.init(adopting: handle)
  }

  /// A CPU tensor with a copy of elements in row-major order.
  public convenience init(
    copying bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType
  ) throws(TorchError) {
    let handle = withAddress(of: bytes) {
      ct_from_bytes($0, bytes.count, shape.int64s, shape.count, dtype.ctype)
    }
    try self.init(adopting: handle)
  }

  /// A CPU tensor over memory of `owner`. The memory is not copied and must not change.
  ///
  /// - Parameters:
  ///   - memory: the elements in row-major order.
  ///   - owner: kept alive while libtorch may read the memory.
  public convenience init(
    over memory: UnsafeRawPointer, shape: [Int], dtype: DType, keeping owner: AnyObject
  ) throws(TorchError) {
    let retained = Unmanaged.passRetained(owner)
    let handle = ct_from_memory(
      memory, shape.int64s, shape.count, dtype.ctype, retained.toOpaque()
    ) { Unmanaged<AnyObject>.fromOpaque($0).release() }
    try self.init(adopting: handle)
  }

  /// Overwrites the elements in place with those of `source`, converting as needed.
  public func copy(from source: Tensor) throws(TorchError) {
    try check(ct_copy(handle, source.handle))
  }

  /// Sets all elements to zero, in place.
  package func setZero() throws(TorchError) { try check(ct_zero(handle)) }

  /// The elements as bytes in row-major order.
  public func bytes() throws(TorchError) -> [UInt8] {
    try elements(of: UInt8.self, count: count * dtype.itemSize)
  }

  /// Copies the elements in row-major order to memory of exactly their size.
  public func copyBytes(to memory: UnsafeMutableRawBufferPointer) throws(TorchError) {
    guard memory.count == count * dtype.itemSize else {
      throw TorchError("A tensor of \(count * dtype.itemSize) bytes does not fill \(memory.count).")
    }
    guard let address = memory.baseAddress else { return }
    try check(ct_copy_bytes(handle, address, memory.count))
  }

  /// The elements as float32.
  public func floats() throws(TorchError) -> [Float] {
    try to(.float32).elements(of: Float.self, count: count)
  }

  /// The elements as float64.
  public func doubles() throws(TorchError) -> [Double] {
    try to(.float64).elements(of: Double.self, count: count)
  }

  /// The elements as int64.
  public func int64s() throws(TorchError) -> [Int64] {
    try to(.int64).elements(of: Int64.self, count: count)
  }

  /// The elements as uint8.
  public func uint8s() throws(TorchError) -> [UInt8] {
    try to(.uint8).elements(of: UInt8.self, count: count)
  }

  /// The element of a tensor with a single one. Throws for any other count.
  public func item() throws(TorchError) -> Double {
    guard count == 1 else {
      throw TorchError("A tensor of shape \(shape) has no single value to read.")
    }
    return try doubles()[0]
  }

  private func elements<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    of type: Element.Type, count: Int
  ) throws(TorchError) -> [Element] {
    var values = [Element](repeating: 0, count: count)
    let status = values.withUnsafeMutableBytes { bytes in
      let size = bytes.count
      return withAddress(of: UnsafeRawBufferPointer(bytes)) {
        ct_copy_bytes(handle, UnsafeMutableRawPointer(mutating: $0), size)
      }
    }
    try check(status)
    return values
  }
}

/// The address of `bytes`, or of one byte if there are none, because C takes no NULL here.
private func withAddress<Result>(
  of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawPointer) -> Result
) -> Result {
  if let address = bytes.baseAddress { return body(address) }
  var nothing: UInt8 = 0
  return withUnsafePointer(to: &nothing) { body(UnsafeRawPointer($0)) }
}
