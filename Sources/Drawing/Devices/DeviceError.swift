public import Files

/// A device that cannot be used.
public enum DeviceError: ReportableError, Equatable {
  /// There is no device of that number.
  case noDevice(asked: String, cudaDevices: Int)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    .unavailable
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noDevice(let asked, let count):
      count == 0
        ? "The device \(asked) is not available: libtorch sees no CUDA GPU; use `device: cpu`, or a "
          + "CUDA libtorch and driver."
        : "The device \(asked) is not available: libtorch sees \(count) CUDA "
          + "\(count == 1 ? "GPU, cuda:0" : "GPUs, cuda:0 to cuda:\(count - 1)")."
    }
  }
}
