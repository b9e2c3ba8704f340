public import Files
public import Options
public import Torch

/// The device to compute on, as the user writes it.
public enum DeviceChoice: ConfigChoice {
  /// The first CUDA device, or the CPU if there is none.
  case auto
  /// The CPU.
  case cpu
  /// The CUDA device with this index.
  case cuda(Int)

  package static let choices = ["auto", "cpu", "cuda"]
  package static let allowed = "auto, cpu, cuda or cuda:N"

  /// Reads `auto`, `cpu`, `cuda` (the first device) or `cuda:N`.
  public init?(rawValue: String) {
    switch rawValue {
    case "auto": self = .auto
    case "cpu": self = .cpu
    case "cuda": self = .cuda(0)
    default:
      let digits = rawValue.dropFirst("cuda:".count)
      guard rawValue.hasPrefix("cuda:"), digits.allSatisfy(\.isWholeNumber),
        let index = Int8(digits)
      else { return nil }
      self = .cuda(Int(index))
    }
  }

  /// Whether it is a CUDA device.
  package var isCUDA: Bool {
    if case .cuda = self { true } else { false }
  }

  /// `auto`, `cpu` or `cuda:N`.
  public var rawValue: String {
    switch self {
    case .auto: "auto"
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }
}

extension DeviceChoice {
  /// Throws `DeviceError.noDevice` for a CUDA device that does not exist.
  public func resolve() throws(DeviceError) -> Device {
    let count = Device.cudaCount
    switch self {
    case .auto: return count > 0 ? .cuda(0) : .cpu
    case .cpu: return .cpu
    case .cuda(let index):
      guard index < count else {
        throw .noDevice(asked: rawValue, cudaDevices: count)
      }
      return .cuda(index)
    }
  }
}

/// A device that cannot be used.
public enum DeviceError: ReportableError, Equatable {
  /// The device does not exist.
  case noDevice(asked: String, cudaDevices: Int)

  /// The kind of error.
  public var kind: ErrorKind {
    .unavailable
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noDevice(let asked, let count):
      count == 0
        ? "The device \(asked) is not available: libtorch finds no CUDA GPU; use `device: cpu`, or a "
          + "CUDA libtorch and driver."
        : "The device \(asked) is not available: libtorch finds \(count) CUDA "
          + "\(count == 1 ? "GPU, cuda:0" : "GPUs, cuda:0 to cuda:\(count - 1)")."
    }
  }
}
