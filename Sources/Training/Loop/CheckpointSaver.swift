import Files
import Foundation
import NN
import Torch

/// Saves a training in the background while it goes on: in order, one checkpoint at a time. Where the
/// disk does not take one, the training goes on, and later ones are tried.
final class CheckpointSaver {
  private struct Written: Sendable {
    let checkpoint: CheckpointFolder
    let sha256: String
    let removed: [Int]
    /// Why checkpoints that are not to be kept are still there.
    let problem: String?
  }

  private struct Pending {
    let progress: AdapterTraining.Progress
    let work: BackgroundWork<Written>
  }

  private struct Failure {
    let reason: String
    /// Seconds until the next attempt.
    let delay: Int
    let retryAt: ContinuousClock.Instant
  }

  private static let delays = 5...600
  /// How often the last checkpoint is tried, a second apart.
  private static let lastAttempts = 3

  private let training: AdapterTraining
  private let folder: RunFolder
  private let history: HistoryFile
  private let retention: Retention?
  /// The evaluations at steps that have a checkpoint, or may get one.
  private var validation: [ValidationReport]
  private let report: (TrainingEvent) throws -> Void
  private var saved: AdapterTraining.Progress
  private var pending: Pending?
  private var failure: Failure?

  /// - Parameters:
  ///   - validation: the evaluations at the checkpoints that exist.
  ///   - report: told what happens; what it throws comes out as `UnsavableError`.
  init(
    _ training: AdapterTraining, folder: RunFolder, history: HistoryFile, retention: Retention?,
    validation: [ValidationReport], report: @escaping (TrainingEvent) throws -> Void
  ) {
    self.training = training
    self.folder = folder
    self.history = history
    self.retention = retention
    self.validation = validation
    self.report = report
    saved = training.progress
  }

  /// Takes note of a step or an evaluation. Throws `EncodingError`.
  func record(_ record: HistoryRecord) throws {
    try history.append(record)
    if retention != nil, case .validation(let report) = record { validation.append(report) }
  }

  /// Copies the training as it is, and has it written; waits for the checkpoint before. Does nothing
  /// where nothing is new.
  func save() throws(UnsavableError) {
    let now = training.progress
    guard now.step > 0, now != pending?.progress ?? saved else { return }
    try settle()
    try tell(.saving(step: now.step))
    let contents = try UnsavableError.marking {
      try training.contents(run: self.folder.id, history: self.history.mark)
    }
    let (folder, history, retention, validation) = (folder, history, retention, validation)
    pending = Pending(
      progress: now,
      work: BackgroundWork {
        try history.sync()
        let (checkpoint, sha256) = try CheckpointFolder.write(contents, in: folder.url)
        var removed: [Int] = []
        var problem: String?
        do {
          removed = try folder.retain(
            retention, through: checkpoint.step, validation: validation)
        } catch {
          problem = "\(error)"
        }
        return Written(
          checkpoint: checkpoint, sha256: sha256, removed: removed, problem: problem)
      })
  }

  /// Tells what has been written since it was last asked, and tries again where something could not
  /// be and it is time. To be called after each step.
  func look() throws(UnsavableError) {
    if let pending, pending.work.isDone { try settle() }
    if pending == nil, let failure, ContinuousClock.now >= failure.retryAt { try save() }
  }

  /// Waits until all that is done is saved.
  ///
  /// Throws what ``save()`` throws, or as its cause `CheckpointError.unsaved` where the disk still
  /// does not take it.
  func finish() throws(UnsavableError) {
    try save()
    try settle()
    for _ in 1..<Self.lastAttempts where failure != nil {
      sleep(1)
      try save()
      try settle()
    }
    if let failure {
      throw UnsavableError(
        cause: CheckpointError.unsaved(
          run: folder.url.relativePath, step: training.done,
          saved: folder.newestCheckpoint().checkpoint?.step, reason: failure.reason))
    }
    do {
      // What a process that died had yet to remove.
      let removed = try folder.retain(
        retention, through: saved.step, validation: validation)
      if !removed.isEmpty { try tell(.removed(steps: removed)) }
    } catch let error as UnsavableError {
      throw error
    } catch {
      try tell(.note("\(error)"))
    }
  }

  /// Waits for what is being written, without telling anything.
  func wait() {
    do {
      _ = try pending?.work.value()
    } catch {
      // Something else is ending the training already, and is what will be told.
    }
  }

  /// Waits for what is being written, and tells what has become of it.
  private func settle() throws(UnsavableError) {
    guard let pending else { return }
    self.pending = nil
    do {
      let written = try pending.work.value()
      saved = pending.progress
      failure = nil
      try tell(
        .checkpoint(
          step: pending.progress.step, folder: written.checkpoint.url, sha256: written.sha256))
      if !written.removed.isEmpty { try tell(.removed(steps: written.removed)) }
      forgetEvaluations(through: pending.progress.step)
      if let problem = written.problem { try tell(.note(problem)) }
    } catch let error as UnsavableError {
      throw error
    } catch  where Self.isTheDisk(error) {
      let delay =
        failure.map { min(2 * $0.delay, Self.delays.upperBound) } ?? Self.delays.lowerBound
      failure = Failure(
        reason: "\(error)", delay: delay, retryAt: .now + .seconds(delay))
      try tell(.unsaved(step: pending.progress.step, reason: "\(error)", retryIn: delay))
    } catch {
      throw UnsavableError(cause: error)
    }
  }

  /// Drops the evaluations at steps that have no checkpoint and get none any more.
  private func forgetEvaluations(through step: Int) {
    guard !validation.isEmpty else { return }
    let existing = Set(folder.checkpoints.map(\.step))
    validation.removeAll { $0.step <= step && !existing.contains($0.step) }
  }

  private func tell(_ event: TrainingEvent) throws(UnsavableError) {
    try UnsavableError.marking { try report(event) }
  }

  /// Whether an error may be over when space is made or permissions are given.
  private static func isTheDisk(_ error: any Error) -> Bool {
    switch error {
    case is FileAccessError, FileAccessError.unwritable, FileAccessError.unreadable: true
    default: false
    }
  }
}
