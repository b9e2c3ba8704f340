import CTorch

/// Where a tensor lives.
public struct Device: Hashable, Sendable, CustomStringConvertible {
  /// -1 for the CPU, else the number of the CUDA device.
  let index: Int32

  /// The machine's own memory and processor.
  public static let cpu = Device(index: -1)

  /// An NVIDIA GPU by its number, which is 0 or more. That it is there shows when it is used.
  public static func cuda(_ index: Int = 0) -> Device {
    precondition(index >= 0, "GPUs are numbered from 0")
    return Device(index: Int32(clamping: index))
  }

  /// Whether this is a GPU.
  public var isCUDA: Bool { index >= 0 }

  /// As PyTorch writes it: `cpu`, `cuda:0`.
  public var description: String { isCUDA ? "cuda:\(index)" : "cpu" }

  var cdevice: ct_device { ct_device(index: index) }

  /// GPUs that this libtorch can use; 0 also where it was built without CUDA.
  public static var cudaCount: Int { Int(ct_cuda_count()) }

  /// Bytes that tensors hold on a GPU: now, and at most so far.
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

/// What holds for libtorch as a whole.
public enum Backend {
  /// The version of the libtorch that is loaded, as "2.13.0".
  public static var version: String {
    let packed = ct_version()
    return [56, 48, 40].map { String(packed >> $0 & 0xFF) }.joined(separator: ".")
  }

  /// CPU threads that one operation may use. Results on the CPU are the same bits from process to
  /// process at the same number. Numbers below 1 count as 1.
  public static var threads: Int {
    get { Int(checkProperty(ct_threads())) }
    set { checkProperty(ct_set_threads(Int32(clamping: newValue))) }
  }

  /// From now on uses only kernels whose results are the same bits each time; an operation that has
  /// none throws. To be called before a GPU is used. Throws where the environment forbids it.
  public static func useDeterministicKernels() throws(TorchError) {
    try check(ct_use_deterministic_kernels())
  }

  /// Gives cached GPU memory back to the driver; throws where there is no GPU.
  public static func emptyCache() throws(TorchError) { try check(ct_empty_cache()) }
}
