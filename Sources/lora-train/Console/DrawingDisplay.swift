import Drawing
import Files
import Foundation
import StableDiffusion

/// Shows how far a drawing is: of one image, of several, of a campaign or of a comparison.
final class DrawingDisplay {
  private let line = StatusLine()
  /// When the first step was done, and how far it led: what comes before it is loading.
  private var first: (time: ContinuousClock.Instant, share: Double)?

  func show(_ progress: DrawingProgress) {
    guard let step = progress.step else {
      return line.show("Picture \(progress.image) of \(progress.count)")
    }
    let text = [
      progress.count == 1 ? nil : "picture \(progress.image) of \(progress.count)",
      step.isRefining ? "refiner" : nil, "step \(step.step) of \(step.steps)",
      timeLeft(progress.share),
    ].compactMap { $0 }.joined(separator: ", ")
    line.show(text.prefix(1).uppercased() + text.dropFirst())
  }

  /// A sentence that stays.
  func note(_ sentence: String) { line.print("Note: \(sentence)") }

  /// Leaves the terminal at the start of a line.
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
