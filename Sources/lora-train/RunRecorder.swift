import DreamBooth
import Foundation
import RunLog
import Torch

/// Keeps the records of a run: the only code that knows both the trainer and the database. When the
/// database fails, the training goes on; what it could not take is in the checkpoints.
final class RunRecorder {
  private let log: RunLog
  private let run: Run
  private let device: Device
  private var hasComplained = false

  init(log: RunLog, run: Run, device: Device) {
    self.log = log
    self.run = run
    self.device = device
  }

  func record(_ event: TrainingEvent) {
    attempt {
      switch event {
      case .step(let report):
        try log.record(
          StepRecord(run: run.id, report), peakMemoryBytes: Int64(PeakMemory.bytes(on: device)))
      case .saving:
        try log.flush()
      case .checkpoint(let step, let folder, let sha256):
        try log.record(
          CheckpointRecord(run: run.id, step: step, path: path(folder), sha256: sha256))
      case .sample(let step, let grid):
        try log.record(SampleRecord(run: run.id, step: step, path: path(grid)))
      case .validation(let report):
        try log.record(ValidationRecord(run: run.id, report))
      case .preparing, .note, .ready, .sampling:
        break
      }
    }
  }

  func finish() { attempt { try log.finish(run.id) } }

  func interrupt() { attempt { try log.interrupt(run.id) } }

  func fail(_ message: String) { attempt { try log.fail(run.id, message) } }

  private func attempt(_ change: () throws -> Void) {
    do {
      try change()
    } catch {
      guard !hasComplained else { return }
      hasComplained = true
      Console.say("Note: the records are not kept at the moment: \(error)")
    }
  }

  /// A place below the run's folder, relative to the database's.
  private func path(_ url: URL) -> String {
    let parts = url.pathComponents
    guard let start = parts.lastIndex(of: "run-\(run.id)") else { return url.relativePath }
    return ([run.path] + parts[(start + 1)...]).joined(separator: "/")
  }
}
