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

  /// The default: bf16 on a GPU, which takes half the memory, and fp32 on a CPU, since few CPUs compute
  /// bf16 natively. GPUs do since Ampere (2020). On older ones fp16 is faster than bf16.
  public static func standard(on device: Device) -> Precision { device.isCUDA ? .bf16 : .fp32 }
}

/// What decides the last bits of computed values besides their inputs. It is part of every cache key,
/// so that a run resumed without its caches computes the same values.
package struct Arithmetic: CustomStringConvertible {
  package let description: String

  /// On a CPU with a number of threads.
  package init(threads: Int) { self.init(of: "\(threads) CPU threads") }

  /// On a device. Throws `TorchError` if a GPU's model is unknown.
  ///
  /// - Parameters:
  ///   - threads: CPU threads; ignored on a GPU.
  ///   - deterministic: Whether a GPU uses deterministic kernels only; ignored on a CPU.
  package init(device: Device, threads: Int, deterministic: Bool) throws(TorchError) {
    if device.isCUDA {
      self.init(gpu: try device.name(), deterministic: deterministic)
    } else {
      self.init(threads: threads)
    }
  }

  /// On a GPU of some model. libtorch computes convolutions of float32 in TF32 there.
  init(gpu: String, deterministic: Bool) {
    self.init(
      of: "CUDA on \(gpu), TF32 convolutions, "
        + (deterministic ? "deterministic kernels" : "all kernels"))
  }

  private init(of processor: String) {
    description = "libtorch \(Backend.version), \(processor)"
  }
}
