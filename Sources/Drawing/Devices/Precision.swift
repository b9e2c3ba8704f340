public import Options
public import Torch

/// Data type of the frozen base model.
public enum Precision: String, ConfigChoice, CaseIterable {
  case fp32
  case bf16
  case fp16
}

extension Precision {
  /// The element type.
  public var dtype: DType {
    switch self {
    case .fp32: .float32
    case .bf16: .bfloat16
    case .fp16: .float16
    }
  }

  /// What is used where nothing is said: half the memory on a GPU, and full precision on a CPU, which
  /// seldom computes bf16 natively. GPUs do from Ampere on (2020); for older ones bf16 is slow, and
  /// fp16 is the faster choice.
  public static func standard(on device: Device) -> Precision { device.isCUDA ? .bf16 : .fp32 }
}
