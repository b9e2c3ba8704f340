import Foundation
import StableDiffusion

/// Shows how far a drawing is: a line that is written over on a terminal, else a line now and then.
final class DrawingProgress {
  private static let plainInterval = Duration.seconds(10)

  private let pictures: Int
  private let isTerminal = Console.isTerminal
  private var seeds: Set<UInt64> = []
  private var isRefining = false
  /// When the first step was done: what comes before it is loading.
  private var firstStep: ContinuousClock.Instant?
  private var lastLine = ContinuousClock.now

  init(pictures: Int) { self.pictures = pictures }

  func show(_ step: DrawingStep) {
    if step.isRefining != isRefining {
      isRefining = step.isRefining
      seeds = []
    }
    seeds.insert(step.seed)
    let text = [
      pictures == 1 ? nil : "picture \(seeds.count) of \(pictures)",
      step.isRefining ? "refiner" : nil, "step \(step.step) of \(step.steps)", timeLeft(step),
    ].compactMap { $0 }.joined(separator: ", ")
    let line = text.prefix(1).uppercased() + text.dropFirst()
    if isTerminal {
      Console.redraw(step.done == step.total ? "" : line)
    } else if ContinuousClock.now - lastLine >= Self.plainInterval {
      lastLine = .now
      Console.say(line)
    }
  }

  /// A sentence that stays.
  func say(_ sentence: String) {
    end()
    Console.say("Note: \(sentence)")
  }

  /// Leaves the terminal at the start of a line.
  func end() { if isTerminal && firstStep != nil { Console.redraw("") } }

  private func timeLeft(_ step: DrawingStep) -> String? {
    guard let firstStep else {
      firstStep = .now
      return nil
    }
    let each = (ContinuousClock.now - firstStep) / (step.done - 1)
    let left = each * (step.total - step.done)
    return "\(left.formatted(.time(pattern: .hourMinuteSecond))) left"
  }
}
