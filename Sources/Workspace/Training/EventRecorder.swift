import EventFiles
import Files
import Foundation
import Images
import Options
import RunLog
import Torch
import Training

/// Writes the curves, sample grids and settings of a training as event files for TensorBoard, in the
/// background. If they cannot be written, the training continues without them.
final class EventRecorder {
  private let folder: URL
  private let start: Int
  private let settings: EventValue
  private let report: WorkspaceReport
  private var writer: EventWriter?

  /// Nil if the configuration sets no folder.
  ///
  /// - Parameter step: The step that the run is resumed from; nil for a new run.
  init?(
    _ run: Run, _ setup: TrainingSetup, resumedFrom step: Int?, report: @escaping WorkspaceReport
  ) {
    guard let folder = setup.config.tensorboard else { return nil }
    self.folder = URL(filePath: folder, directoryHint: .isDirectory).appending(path: run.path)
    // What a run has of its checkpoint's step is kept. A run that starts again keeps nothing.
    start = step.map { $0 == 0 ? 0 : $0 + 1 } ?? 0
    settings = Self.settings(of: run, setup.config, on: setup.device)
    self.report = report
  }

  /// Writes an event of the training. Returns at once.
  func record(_ event: TrainingEvent) {
    switch event {
    case .ready:
      let writer = EventWriter(in: folder, startingAt: start)
      writer.write(step: start) { [settings] in [settings] }
      self.writer = writer
    case .step(let step):
      writer?.write(step: step.step) { step.values }
    case .validation(let validation):
      writer?.write(step: validation.step) { validation.values }
    case .sample(let step, let grid):
      writer?.write(step: step) { try [Self.picture(grid)] }
    case .saving:
      writer?.flush()
    case .preparing, .note, .memoryChange, .sampling, .spent, .checkpoint, .unsaved, .removed:
      break
    }
    reportProblem()
  }

  /// Waits until all events are on the disk, but not long for a disk that does not respond.
  func end() {
    writer?.end()
    reportProblem()
    writer = nil
  }

  private func reportProblem() {
    guard let problem = writer?.takeProblem() else { return }
    report(.note("TensorBoard gets no more events, and the training continues: \(problem)"))
  }

  /// A sample grid. Throws `FileAccessError`, `ImageError`.
  private static func picture(_ grid: URL) throws -> EventValue {
    let png: Data
    do {
      png = try Data(contentsOf: grid)
    } catch {
      throw FileAccessError.unreadable(file: grid.relativePath, reason: error.reason)
    }
    let size = try ImageDecoder.header(png, name: grid.relativePath).orientedSize
    return .image("samples", png: png, width: size.width, height: size.height)
  }

  /// The run and all of its options, as a table.
  private static func settings(
    of run: Run, _ config: TrainingConfig, on device: Device
  ) -> EventValue {
    let values = config.yamlValues
    let rows = TrainingConfig.schema.options.map { option in
      let value = values[option.key, default: ""].replacing("|", with: "\\|")
      return "| \(option.key) | `\(value.replacing("`", with: "'"))` |"
    }
    let title =
      "Run \(run.id) of \(config.subject), lora-train \(Version.current), libtorch "
      + "\(Backend.version), \(device)"
    return .text(
      "settings",
      markdown: ([title, "", "| option | value |", "| --- | --- |"] + rows)
        .joined(separator: "\n"))
  }
}

extension StepReport {
  /// The points of a step's curves.
  fileprivate var values: [EventValue] {
    let rates = learningRates ?? ["unet": learningRate]
    let optional: [(tag: String, value: Double?)] = [
      ("loss/instance", instanceLoss), ("loss/prior", priorLoss), ("gradient_norm", gradNorm),
      ("learning_rate/d", foundRate),
    ]
    return [.scalar("loss/train", loss), .scalar("seconds_per_step", seconds)]
      + optional.compactMap { tag, value in value.map { .scalar(tag, $0) } }
      + rates.sorted { $0.key < $1.key }.map { .scalar("learning_rate/\($0.key)", $0.value) }
  }
}

extension ValidationReport {
  /// The points of a validation's curves.
  fileprivate var values: [EventValue] {
    [.scalar("loss/validation", loss)]
      + (trainingLoss.map { [.scalar("loss/training_images", $0)] } ?? [])
  }
}
