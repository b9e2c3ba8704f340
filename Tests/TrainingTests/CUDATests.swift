import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Tests for an NVIDIA GPU, skipped elsewhere. They run one after another, because they fill the GPU's
/// memory and count it.
@Suite("On a GPU", .serialized, .enabled(if: TestedDevice.isPresent, TestedDevice.reason))
enum CUDATests {
  static let device = TestedDevice.device

  /// The largest relative difference of float32 results of a GPU and the CPU, which sum in another
  /// order, and of bfloat16 results and float32.
  static let tolerance = 1e-4
  static let bfloat16Tolerance = 5e-2

  static func tinyModel() throws -> ModelDirectory {
    try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
  }
}

/// The device of ``CUDATests``: the first GPU, or with `LORA_TRAIN_TEST_DEVICE=cpu` the CPU, so that
/// tests that need no GPU do not rot where there is none.
enum TestedDevice {
  private static let choice = ProcessInfo.processInfo.environment["LORA_TRAIN_TEST_DEVICE"]

  static let device: Device = choice == "cpu" ? .cpu : .cuda(0)
  static let isPresent = choice == "cpu" || hasGPU
  static let reason: Comment =
    "no CUDA GPU; LORA_TRAIN_TEST_DEVICE=cpu runs on the CPU what can run there"

  /// Libtorch reads these variables when it first uses the GPU. The first makes products exact in
  /// float32, the second lets deterministic kernels be chosen later.
  private static let hasGPU: Bool = {
    setenv("NVIDIA_TF32_OVERRIDE", "0", 0)
    setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0)
    return Device.cudaCount > 0
  }()
}
