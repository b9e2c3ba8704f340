import DreamBooth
import Foundation
import Torch

/// Shows a training's progress: a line that is written over on a terminal, else a line now and then.
final class ProgressDisplay {
  private static let plainInterval = Duration.seconds(10)
  private static let barWidth = 24

  private let steps: Int
  private let isTerminal = Console.isTerminal
  private var seconds: [Double] = []
  private var lastLine = ContinuousClock.now - plainInterval
  private var isDrawn = false

  init(steps: Int) { self.steps = steps }

  func show(_ event: TrainingEvent) {
    switch event {
    case .preparing(let what, let done, let count):
      passing("Preparing \(what): \(done) of \(count)")
    case .ready(let sites, let parameters):
      line("\(sites) adapted layers, \(parameters.formatted()) trained values")
    case .step(let report):
      seconds.append(report.seconds)
      if seconds.count > 50 { seconds.removeFirst() }
      passing(status(report))
    case .sampling(let step, let picture, let count):
      passing("Drawing samples of step \(step): \(picture) of \(count)")
    case .sample(_, let grid):
      line("Samples: \(grid.relativePath)")
    case .saving:
      break
    case .checkpoint(_, let folder, _):
      line("Checkpoint: \(folder.relativePath)")
    }
  }

  /// Leaves the terminal at the start of a line.
  func end() {
    if isDrawn { Console.redraw("") }
    isDrawn = false
  }

  private func status(_ report: StepReport) -> String {
    let median = seconds.sorted()[seconds.count / 2]
    let left = Duration.seconds(median * Double(steps - report.step))
    let memory = Self.memory()
    return [
      isTerminal ? bar(report.step) : nil, "step \(report.step)/\(steps)",
      "loss \(report.loss.formatted(.number.precision(.fractionLength(4))))",
      "\(median.formatted(.number.precision(.significantDigits(3)))) s/step",
      "\(left.formatted(.time(pattern: .hourMinuteSecond))) left", memory,
    ].compactMap { $0 }.joined(separator: "  ")
  }

  private func bar(_ step: Int) -> String {
    let full = Self.barWidth * step / max(1, steps)
    return "[" + String(repeating: "#", count: full)
      + String(repeating: ".", count: Self.barWidth - full) + "]"
  }

  /// Something that the next thing of its kind replaces.
  private func passing(_ text: String) {
    if isTerminal {
      Console.redraw(text)
      isDrawn = true
    } else if ContinuousClock.now - lastLine >= Self.plainInterval {
      lastLine = .now
      Console.say(text)
    }
  }

  /// Something that stays.
  private func line(_ text: String) {
    end()
    Console.say(text)
  }

  private static func memory() -> String? {
    do {
      let bytes = try PeakMemory.bytes(on: .cpu)
      return "\((Double(bytes) / 1e9).formatted(.number.precision(.fractionLength(1)))) GB"
    } catch {
      return nil
    }
  }
}
