public import NN

/// An option that is one of a few words.
public protocol ConfigChoice: RawRepresentable, Codable, Sendable, Equatable
where RawValue == String {
  /// The words a user may write, for error messages: `fp32, bf16 or fp16`.
  static var allowed: String { get }
}

extension ConfigChoice {
  /// Reads the word; fails with `allowed` as the description.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = Self(rawValue: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.allowed)
    }
    self = value
  }
}

/// Data type of the frozen base model.
public enum Precision: String, ConfigChoice {
  case fp32
  case bf16
  case fp16

  /// The words a user may write.
  public static let allowed = "fp32, bf16 or fp16"
}

/// Which part of an image training sees.
public enum CropChoice: String, ConfigChoice {
  /// The middle.
  case center
  /// Another one in every epoch.
  case random

  /// The words a user may write.
  public static let allowed = "center or random"
}

/// What is trained on of the VAE's distribution over an image's latents.
public enum LatentsChoice: String, ConfigChoice {
  /// A new sample in every step.
  case sampled
  /// The mean, which is also the most likely value.
  case mean

  /// The words a user may write.
  public static let allowed = "sampled or mean"
}

extension LearningRateSchedule.Shape: ConfigChoice {
  /// The words a user may write.
  public static let allowed = "constant, cosine or linear"
}

/// Where to compute, as the user says it.
public enum DeviceChoice: ConfigChoice {
  /// The first CUDA device when there is one, else the CPU.
  case auto
  /// The CPU.
  case cpu
  /// The CUDA device with this index.
  case cuda(Int)

  /// The words a user may write.
  public static let allowed = "auto, cpu, cuda or cuda:N"

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
  var isCUDA: Bool {
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
