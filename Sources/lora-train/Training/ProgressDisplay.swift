import Drawing
import Files
import Foundation
import Torch
import Training

/// Shows the progress of a training: a status line and lines that stay.
final class ProgressDisplay {
  private static let barWidth = 24
  /// The number of steps that the remaining time is estimated from.
  private static let window = 50

  private let steps: Int
  private let device: Device
  private let statusLine = StatusLine(isFirstPrinted: true)
  private var seconds: [Double] = []

  init(steps: Int, device: Device) {
    self.steps = steps
    self.device = device
  }

  func show(_ event: TrainingEvent) {
    switch event {
    case .preparing(let what, let done, let count):
      passing("Preparing \(what)" + (count > 1 ? ": \(done + 1) of \(count)" : ""))
    case .note(let sentence):
      line("Note: \(sentence)")
    case .ready(let sites, let parameters):
      line("\(sites) adapted layers, \(parameters.grouped) trained parameters")
    case .step(let report):
      seconds.append(report.seconds)
      if seconds.count > Self.window { seconds.removeFirst() }
      // The last line stays, so that the loss can be read after the training.
      report.step == steps ? line(status(report)) : passing(status(report))
    case .validation(let report):
      let training = report.trainingLoss.map { " (training images: \(Format.loss($0)))" } ?? ""
      line("Validation loss after step \(report.step): \(Format.loss(report.loss))\(training)")
    case .sampling(let step, let picture, let count):
      passing("Drawing samples of step \(step): \(picture) of \(count)")
    case .sample(_, let grid):
      line("Samples: \(grid.relativePath)")
    case .saving:
      break
    case .checkpoint(_, let folder, _):
      line("Checkpoint: \(folder.relativePath)")
    case .unsaved(let step, let reason, let delay):
      line(
        "Note: step \(step) could not be saved: \(reason) Training continues, earlier checkpoints "
          + "are kept, and the next attempt is in \(delay) s at the latest.")
    case .removed(let steps):
      line("Removed checkpoints of step \(steps.map(String.init).joined(separator: ", "))")
    }
  }

  /// Moves the cursor to the start of an empty line.
  func end() { statusLine.end() }

  private func status(_ report: StepReport) -> String {
    let median = seconds.sorted()[seconds.count / 2]
    let left = Duration.seconds(median * Double(steps - report.step))
    return [
      statusLine.isTerminal ? bar(report.step) : nil, "step \(report.step)/\(steps)",
      "loss \(Format.loss(report.loss))", "\(Format.seconds(median)) s/step",
      "\(left.clock) left", memory(),
    ].compactMap { $0 }.joined(separator: "  ")
  }

  private func bar(_ step: Int) -> String {
    let full = Self.barWidth * step / steps
    return "[" + String(repeating: "#", count: full)
      + String(repeating: ".", count: Self.barWidth - full) + "]"
  }

  /// Shows a text until the next one.
  private func passing(_ text: String) { statusLine.show(text) }

  /// Prints a line that stays on the terminal.
  private func line(_ text: String) { statusLine.print(text) }

  /// The peak memory of the training device so far.
  private func memory() -> String? {
    do {
      return Format.bytes(Int64(try PeakMemory.bytes(on: device)))
    } catch {
      return nil
    }
  }
}
