import Foundation
public import Torch

/// The most memory that this process has held.
public enum PeakMemory {
  /// Bytes that tensors held on a GPU, or that the whole process held of the machine's memory.
  public static func bytes(on device: Device) throws(TorchError) -> Int {
    if device.isCUDA { return try device.allocatedMemory().peak }
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else {
      throw TorchError("The system does not tell how much memory this process has used.")
    }
    return usage.ru_maxrss * 1024
  }
}
