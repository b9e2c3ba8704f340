import Torch

/// A weight that is kept in another form than passes need. Its values are made for each use, and their
/// memory is free again when the last operation that needs them is done.
protocol StoredWeight {
  var dtype: DType { get }
  var device: Device { get }
  /// Whether the stored form is on the device.
  var isOnDevice: Bool { get }

  /// The values. Throws `WeightsError`, `TorchError`.
  func tensor() throws -> Tensor
}

extension QuantizedTensor: StoredWeight {
  var isOnDevice: Bool { true }
}

/// A weight that comes to a device from another place when it is used. ``OffloadOrder`` starts the
/// transfer of the following weights meanwhile.
protocol OffloadedWeight: StoredWeight, AnyObject {
  var byteCount: Int { get }

  /// Starts the transfer.
  func prefetch() throws
}

extension OffloadedWeight {
  var isOnDevice: Bool { false }
}

/// A weight that stays in its file, for passes on the CPU. Its pages are in memory only while they are
/// used.
final class WeightInFile: OffloadedWeight {
  let dtype: DType
  let device = Device.cpu
  let byteCount: Int

  private let source: WeightSource
  private let name: String
  private var isPrefetched = false

  init(_ name: String, in source: WeightSource, dtype: DType, shape: [Int]) {
    self.name = name
    self.source = source
    self.dtype = dtype
    byteCount = shape.reduce(dtype.itemSize, *)
  }

  func tensor() throws -> Tensor {
    isPrefetched = false
    return try source.borrowed(name).to(dtype)
  }

  func prefetch() {
    // The system looks at each page.
    if !isPrefetched { source.prefetch(name) }
    isPrefetched = true
  }
}

/// A weight in the machine's memory, for passes on a GPU.
final class WeightInHostMemory: OffloadedWeight {
  let device: Device

  private let host: Tensor
  private var fetched: Tensor?

  /// Copies the weight into memory that the GPU reads directly.
  init(_ weight: Tensor, for device: Device) throws {
    host = try weight.pinned()
    self.device = device
  }

  var dtype: DType { host.dtype }
  var byteCount: Int { host.count * host.dtype.itemSize }

  func tensor() throws -> Tensor {
    let tensor = try fetched ?? host.fetched(to: device)
    fetched = nil
    try tensor.awaitFetch()
    return tensor
  }

  func prefetch() throws {
    if fetched == nil { fetched = try host.fetched(to: device) }
  }
}
