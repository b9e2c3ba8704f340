import CTorch

/// Where a tensor lives.
public struct Device: Hashable, Sendable, CustomStringConvertible {
  /// -1 for the CPU, else the number of the CUDA device.
  let index: Int32

  /// The machine's own memory and processor.
  public static let cpu = Device(index: -1)

  /// An NVIDIA GPU by its number, from 0. Whether it exists is checked when it is used.
  public static func cuda(_ index: Int = 0) -> Device {
    precondition(index >= 0, "GPUs are numbered from 0")
    return Device(index: Int32(clamping: index))
  }

  /// Whether this is a GPU.
  public var isCUDA: Bool { index >= 0 }

  /// As PyTorch writes it: `cpu`, `cuda:0`.
  public var description: String { isCUDA ? "cuda:\(index)" : "cpu" }

  var cdevice: ct_device { ct_device(index: index) }

  /// The number of GPUs that libtorch can use; 0 if it was built without CUDA.
  public static var cudaCount: Int { Int(ct_cuda_count()) }

  /// The model of a GPU as its driver names it, such as "NVIDIA H100 80GB HBM3". Throws for the CPU.
  public func name() throws(TorchError) -> String {
    var name = [CChar](repeating: 0, count: 256)
    try check(ct_device_name(cdevice, &name, name.count))
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Bytes that tensors hold on a GPU: now, and the peak since ``resetPeakMemory()``.
  public func allocatedMemory() throws(TorchError) -> (now: Int, peak: Int) {
    var now: Int64 = 0
    var peak: Int64 = 0
    try check(ct_memory_allocated(cdevice, &now, &peak))
    return (Int(now), Int(peak))
  }

  /// Starts a new peak of ``allocatedMemory()`` at what is allocated now. Throws for the CPU.
  public func resetPeakMemory() throws(TorchError) { try check(ct_reset_peak_memory(cdevice)) }

  /// Bytes free and in total on a GPU, as the driver counts them.
  public func memory() throws(TorchError) -> (free: Int, total: Int) {
    var free: Int64 = 0
    var total: Int64 = 0
    try check(ct_memory_info(cdevice, &free, &total))
    return (Int(free), Int(total))
  }
}
