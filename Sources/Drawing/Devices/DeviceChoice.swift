public import Options
public import Torch

/// Where to compute, as the user says it.
public enum DeviceChoice: ConfigChoice {
  /// The first CUDA device when there is one, else the CPU.
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

  /// Whether this asks for a GPU by its number.
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
  /// The device meant. Throws `DeviceError.noDevice` for one that is not there.
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
