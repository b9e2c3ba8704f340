import DreamBooth
import Foundation
import RunLog

/// Makes the records whole again from the run folders, which hold everything.
struct RunRepair {
  let log: RunLog
  let root: RootOption

  /// Enters the runs on the disk that the records do not know, and marks as interrupted those whose
  /// process has died.
  func adoptUnknownRuns() throws {
    let known = Set(try log.runs().map(\.path))
    for folder in RunFolder.all(below: root.url) {
      let path = "\(folder.url.deletingLastPathComponent().lastPathComponent)/"
        + folder.url.lastPathComponent
      guard !known.contains(path), let checkpoint = folder.newestCheckpoint().checkpoint else {
        continue
      }
      do {
        try adopt(folder, path: path, checkpoint.state())
        Console.say("Note: \(folder.url.relativePath) was not recorded, and is now.")
      } catch let error as CheckpointError {
        Console.say("Note: \(error)")
      }
    }
    for run in try log.interrupt(where: \.processIsGone) {
      Console.say("Note: run \(run.id) was interrupted at step \(run.step).")
    }
  }

  private func adopt(_ folder: RunFolder, path: String, _ state: TrainingState) throws {
    let id = Int64(state.run)
    let dates = try FileManager.default.attributesOfItem(atPath: folder.url.path)
    let date = dates[.modificationDate] as? Date ?? Date()
    let run = Run(
      id: id, subject: state.config.subject,
      status: state.step >= state.config.steps ? .finished : .interrupted, step: state.step,
      steps: state.config.steps, path: path, model: state.config.model ?? "",
      dataset: state.config.datasetPath, config: try state.config.recordJSON(),
      version: Version.current, startedAt: date, updatedAt: date,
      loss: state.history.last?.loss)
    try log.adopt(
      run, steps: state.history.map { StepRecord(run: id, $0) },
      checkpoints: try folder.checkpoints.map { checkpoint in
        CheckpointRecord(
          run: id, step: checkpoint.step, path: "\(path)/\(checkpoint.url.lastPathComponent)",
          sha256: try checkpoint.verify())
      })
  }
}

extension StepRecord {
  /// A step as the trainer reports it.
  init(run: Int64, _ report: StepReport) {
    self.init(
      run: run, step: report.step, loss: report.loss, learningRate: report.learningRate,
      gradNorm: report.gradNorm, seconds: report.seconds, timestep: report.timestep)
  }
}
