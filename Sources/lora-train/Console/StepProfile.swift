import Foundation
import Torch

/// Records one step of a training or a drawing with libtorch's profiler, for developers:
/// `LORA_TRAIN_PROFILE` names the file to write, in Chrome's trace format, and `LORA_TRAIN_PROFILE_STEP`
/// the step, from 2 (default: 4). The recording lasts from the end of the step before to the end of the
/// step.
final class StepProfile {
  private static let standardStep = 4

  private let file: URL
  private let step: Int
  private var isPending = true

  /// Nil if the environment asks for no profile. Throws `UsageError`.
  init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(UsageError) {
    guard let path = environment["LORA_TRAIN_PROFILE"] else { return nil }
    file = URL(filePath: path)
    let text = environment["LORA_TRAIN_PROFILE_STEP"] ?? "\(Self.standardStep)"
    guard let step = Int(text), step > 1 else {
      throw UsageError("LORA_TRAIN_PROFILE_STEP is \(text); give the number of a step, from 2.")
    }
    self.step = step
  }

  /// To be called after each step, on the thread that takes the steps. A failure is printed and does not
  /// end the training.
  func finished(_ done: Int) {
    do {
      if done == step - 1 { try Profiler.start() }
      if done == step {
        isPending = false
        try Profiler.stop(writingTo: file)
        Console.message("Profile of step \(step): \(file.relativePath)")
      }
    } catch {
      isPending = false
      Console.message("Note: step \(step) could not be profiled: \(error)")
    }
  }

  /// To be called after the last step.
  func end() {
    if isPending { Console.message("Note: step \(step) was not taken, so it was not profiled.") }
  }
}
