import Drawing
import Files
import Foundation
import StableDiffusion

/// Shows the progress of a drawing.
final class DrawingDisplay {
  private let line = StatusLine()
  /// The time and the progress at the first step. The time before it is spent on loading.
  private var first: (time: ContinuousClock.Instant, share: Double)?

  func show(_ progress: DrawingProgress) {
    guard let step = progress.step else {
      return line.show("Picture \(progress.picture) of \(progress.count)")
    }
    let text = [
      progress.count == 1 ? nil : "picture \(progress.picture) of \(progress.count)",
      step.isRefining ? "refiner" : nil, "step \(step.step) of \(step.steps)",
      timeLeft(progress.share),
    ].compactMap { $0 }.joined(separator: ", ")
    line.show(text.prefix(1).uppercased() + text.dropFirst())
  }

  /// Prints a note that stays on the terminal.
  func note(_ sentence: String) { line.print("Note: \(sentence)") }

  /// Moves the cursor to the start of an empty line.
  func end() { line.end() }

  private func timeLeft(_ share: Double) -> String? {
    guard let first, share > first.share else {
      if first == nil { first = (.now, share) }
      return nil
    }
    let left = (ContinuousClock.now - first.time) / (share - first.share) * (1 - share)
    return "\(left.clock) left"
  }
}
