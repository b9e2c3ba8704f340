package import Torch

/// What decides the last bits of computed values besides their inputs, and with them whether a run
/// that goes on without a cache is the same run: part of every cache's keys.
package struct Arithmetic: CustomStringConvertible {
  package let description: String

  /// Computing on `device`, or by so many `threads` where that is the CPU.
  package init(device: Device, threads: Int) {
    description =
      "libtorch \(Backend.version), " + (device.isCUDA ? "CUDA" : "\(threads) CPU threads")
  }
}
