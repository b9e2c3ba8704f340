public import Torch

extension DeviceChoice {
  /// The device meant. Throws `TrainingError.noDevice` for one that is not there.
  public func resolve() throws(TrainingError) -> Device {
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
