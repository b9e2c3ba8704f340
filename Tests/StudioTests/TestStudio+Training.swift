import Foundation
import Testing

/// A training of the program in its own process, as a user starts it in a terminal.
final class TestTraining: Sendable {
  private let process: Process

  /// Starts `lora-train train` on the three images.
  init(in folder: URL, steps: Int, _ more: [String] = []) throws {
    process = Process()
    process.executableURL = TestStudio.executable
    process.arguments =
      [
        "train", "--subject", "cube", "--model", "demo", "--steps", "\(steps)", "--rank", "4",
        "--resolution", "64", "--device", "cpu", "--sample-steps", "2",
      ] + more
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["OMP_NUM_THREADS": "1"]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  /// Waits for the end. Returns the exit code.
  @discardableResult
  func wait() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }
}
