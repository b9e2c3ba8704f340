import Foundation
public import Torch

/// The peak memory use of this process.
public enum PeakMemory {
  /// The peak in bytes: of tensors on a GPU since the last ``reset(on:)``, or of the whole process in
  /// the machine's memory.
  public static func bytes(on device: Device) throws(TorchError) -> Int {
    if device.isCUDA { return try device.allocatedMemory().peak }
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else {
      throw TorchError("The system does not report the memory use of this process.")
    }
    return usage.ru_maxrss * 1024
  }

  /// Starts a new peak on a GPU. The system counts that of a process from its start.
  package static func reset(on device: Device) throws(TorchError) {
    if device.isCUDA { try device.resetPeakMemory() }
  }
}
