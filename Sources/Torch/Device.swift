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

  /// Bytes that tensors hold on a GPU: now, and the peak of this process.
  public func allocatedMemory() throws(TorchError) -> (now: Int, peak: Int) {
    var now: Int64 = 0
    var peak: Int64 = 0
    try check(ct_memory_allocated(cdevice, &now, &peak))
    return (Int(now), Int(peak))
  }

  /// Bytes free and in total on a GPU, as the driver counts them.
  public func memory() throws(TorchError) -> (free: Int, total: Int) {
    var free: Int64 = 0
    var total: Int64 = 0
    try check(ct_memory_info(cdevice, &free, &total))
    return (Int(free), Int(total))
  }
}

/// Settings of libtorch as a whole.
public enum Backend {
  /// The version of the loaded libtorch, such as "2.13.0".
  public static var version: String {
    let packed = ct_version()
    return [56, 48, 40].map { String(packed >> $0 & 0xFF) }.joined(separator: ".")
  }

  /// CPU threads that one operation may use. The same number gives the same bits in every process.
  /// Numbers below 1 count as 1.
  public static var threads: Int {
    get { Int(checkProperty(ct_threads())) }
    set { checkProperty(ct_set_threads(Int32(clamping: newValue))) }
  }

  /// Allows only kernels that give the same bits each time. An operation without such a kernel then
  /// throws. Call it before a GPU is used. Throws if `CUBLAS_WORKSPACE_CONFIG` has another value.
  public static func useDeterministicKernels() throws(TorchError) {
    try check(ct_use_deterministic_kernels())
  }

  /// Returns cached GPU memory to the driver. Throws without a GPU.
  public static func emptyCache() throws(TorchError) { try check(ct_empty_cache()) }
}
