import Drawing
import Files
import Foundation
import Torch
import Training
import Workspace

/// Shows the progress of a training: a status line and lines that stay.
final class ProgressDisplay {
  private static let barWidth = 24

  private let steps: Int
  private let device: Device
  private let statusLine = StatusLine(isFirstPrinted: true)
  private var remainingTime: RemainingTime

  init(_ start: TrainingStart) {
    steps = start.steps
    device = start.device
    remainingTime = start.remainingTime
  }

  func show(_ event: TrainingEvent) {
    switch event {
    case .preparing(let what, let done, let count):
      passing("Preparing \(what)" + (count > 1 ? ": \(done + 1) of \(count)" : ""))
    case .note(let sentence):
      line("Note: \(sentence)")
    case .memoryChange(let change):
      line("Note: \(change)")
    case .ready(let sites, let parameters):
      line("\(sites) adapted layers, \(parameters.grouped) trained parameters")
    case .step(let report):
      remainingTime.add(.step, seconds: report.seconds)
      // The last line stays, so that the loss can be read after the training.
      report.step == steps ? line(status(report)) : passing(status(report))
    case .validation(let report):
      let training = report.trainingLoss.map { " (training images: \(Format.loss($0)))" } ?? ""
      line("Validation loss after step \(report.step): \(Format.loss(report.loss))\(training)")
    case .sampling(let step, let picture, let count):
      passing("Drawing samples of step \(step): \(picture) of \(count)")
    case .sample(_, let grid):
      line("Samples: \(grid.relativePath)")
    case .spent(let part, let seconds):
      remainingTime.add(part, seconds: seconds)
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
    [
      statusLine.isTerminal ? bar(report.step) : nil, "step \(report.step)/\(steps)",
      "loss \(Format.loss(report.loss))",
      "\(Format.seconds(remainingTime.median(of: .step))) s/step", timeLeft(report.step), memory(),
    ].compactMap { $0 }.joined(separator: "  ")
  }

  /// The time to the end, and what it does not contain yet.
  private func timeLeft(_ step: Int) -> String {
    let left = Duration.seconds(remainingTime.seconds(after: step)).clock
    let missing = remainingTime.unmeasured(after: step).compactMap { part in
      switch part {
      case .validation: "validation"
      case .samples: "samples"
      // Steps are measured, and checkpoints are written in the background.
      case .step, .checkpoint: nil
      }
    }
    return "\(left) left"
      + (missing.isEmpty ? "" : ", \(missing.joined(separator: " and ")) not counted")
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
