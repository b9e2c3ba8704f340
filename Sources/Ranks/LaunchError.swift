public import Files

/// A launch of several processes that cannot work.
public enum LaunchError: ReportableError, Equatable {
  /// Some of the variables are set and others are not.
  case incomplete(set: [String], missing: [String])
  /// A variable has a value that is not allowed.
  case invalid(variable: String, value: String, allowed: String)
  /// The number of this rank is not below the number of ranks.
  case rankOutOfRange(rank: Int, size: Int)
  /// The launcher does not say where rank 0 is.
  case noAddress(launcher: String, size: Int)
  /// There are fewer GPUs than ranks on this machine.
  case noGPU(localRank: Int, count: Int)
  /// All ranks of a machine would use one GPU.
  case sameGPU(device: String, count: Int)
  /// NCCL, which GPUs need, is not installed.
  case noNCCL

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .incomplete, .invalid, .rankOutOfRange, .noAddress, .sameGPU: .usage
    case .noGPU, .noNCCL: .unavailable
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .incomplete(let set, let missing):
      "The environment sets \(listing(set)) but not \(listing(missing)); set all four, or unset "
        + "them to use one process."
    case .invalid(let variable, let value, let allowed):
      "The environment variable \(variable) is \(value), but must be \(allowed)."
    case .rankOutOfRange(let rank, let size):
      "The rank of this process is \(rank), but with a world size of \(size) the ranks are 0 to "
        + "\(size - 1)."
    case .noAddress(let launcher, let size):
      "\(launcher) has started \(size) ranks on several machines, but does not say where rank 0 is; set "
        + "MASTER_ADDR to its host name or address."
    case .noGPU(let localRank, let count):
      "This is rank \(localRank) of its machine, counted from 0, but libtorch finds "
        + "\(count == 1 ? "1 GPU" : "\(count) GPUs") here; start one rank for each GPU."
    case .sameGPU(let device, let count):
      "`device` is \(device), but \(count) ranks run on this machine and each needs a GPU of its own; use "
        + "`device: cuda`."
    case .noNCCL:
      "NCCL, through which GPUs exchange gradients, is not installed; install libnccl2, or PyTorch for "
        + "CUDA with pip, whose libraries include it."
    }
  }
}
