import Files
import Foundation
import NN
import Torch

/// Saves checkpoints in the background while the training continues, in order and one at a time. If
/// the disk is full or fails, the training continues and saving is tried again later.
final class CheckpointSaver {
  private struct Written: Sendable {
    let checkpoint: CheckpointFolder
    let sha256: String
    let removed: [Int]
    /// The error that kept old checkpoints from being removed.
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

  /// Seconds until the next attempt: doubled after each failure.
  private static let delays = 5...600
  /// Attempts to save the last checkpoint, a second apart.
  private static let lastAttempts = 3

  private let training: AdapterTraining
  private let folder: RunFolder
  private let history: HistoryFile
  private let retention: Retention?
  /// The validations at steps that have a checkpoint or may get one.
  private var validation: [ValidationReport]
  private let report: (TrainingEvent) throws -> Void
  private var saved: AdapterTraining.Progress
  private var pending: Pending?
  private var failure: Failure?
  private var memoryError: TorchError?

  /// - Parameters:
  ///   - validation: The validations at the existing checkpoints.
  ///   - report: Called with each event. Its errors are thrown as `UnsavableError`.
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

  /// Adds a step or a validation to the history. Throws `EncodingError`.
  func record(_ record: HistoryRecord) throws {
    try history.append(record)
    if retention != nil, case .validation(let report) = record { validation.append(report) }
  }

  /// Copies the training and writes the checkpoint in the background, after the previous one is
  /// written. The last one, after which nothing changes, is written at once without a copy, which saves
  /// its memory; so is one for whose copy there is no memory. Does nothing without progress since then.
  func save(isLast: Bool = false) throws(UnsavableError) {
    let now = training.progress
    guard now.step > 0, now != pending?.progress ?? saved else { return }
    try awaitPending()
    try emit(.saving(step: now.step))
    let (folder, history, mark) = (folder, history, history.mark)
    let (retention, validation) = (retention, validation)
    let finish = { @Sendable (written: (checkpoint: CheckpointFolder, sha256: String)) in
      var removed: [Int] = []
      var problem: String?
      do {
        removed = try folder.retain(
          retention, through: written.checkpoint.step, validation: validation)
      } catch {
        problem = "\(error)"
      }
      return Written(
        checkpoint: written.checkpoint, sha256: written.sha256, removed: removed,
        problem: problem)
    }
    let writing = { [training] in
      BackgroundWork(done: {
        try history.sync()
        return try finish(training.write(run: folder.id, history: mark, in: folder.url))
      })
    }
    let work: BackgroundWork<Written>
    if isLast {
      work = writing()
    } else {
      do {
        let contents = try training.contents(run: folder.id, history: mark)
        work = BackgroundWork {
          try history.sync()
          return try finish(CheckpointFolder.write(contents, in: folder.url))
        }
      } catch let error as TorchError where error.isOutOfMemory {
        memoryError = error
        work = writing()
      } catch {
        throw UnsavableError(cause: error)
      }
    }
    pending = Pending(progress: now, work: work)
  }

  /// The error of the last copy for which there was no memory, once.
  func takeMemoryError() -> TorchError? {
    defer { memoryError = nil }
    return memoryError
  }

  /// Reports a checkpoint that was written meanwhile, and tries again after a failure when it is
  /// time. Call it after each step.
  func poll() throws(UnsavableError) {
    if let pending, pending.work.isDone { try awaitPending() }
    if pending == nil, let failure, ContinuousClock.now >= failure.retryAt { try save() }
  }

  /// Saves the last step and waits for it.
  ///
  /// Throws the errors of ``save()``, and `CheckpointError.unsaved` as their cause if the disk
  /// still fails.
  func finish() throws(UnsavableError) {
    try save(isLast: true)
    try awaitPending()
    for _ in 1..<Self.lastAttempts where failure != nil {
      sleep(1)
      try save(isLast: true)
      try awaitPending()
    }
    if let failure {
      throw UnsavableError(
        cause: CheckpointError.unsaved(
          run: folder.url.relativePath, step: training.done,
          saved: folder.newestCheckpoint().checkpoint?.step, reason: failure.reason))
    }
    do {
      // A process that died may have left checkpoints to remove.
      let removed = try folder.retain(
        retention, through: saved.step, validation: validation)
      if !removed.isEmpty { try emit(.removed(steps: removed)) }
    } catch let error as UnsavableError {
      throw error
    } catch {
      try emit(.note("\(error)"))
    }
  }

  /// Waits for the checkpoint that is being written, without a report.
  func wait() {
    do {
      _ = try pending?.work.value()
    } catch {
      // Another error is ending the training, and is the one to report.
    }
  }

  /// Waits for the checkpoint that is being written, and reports the result.
  private func awaitPending() throws(UnsavableError) {
    guard let pending else { return }
    self.pending = nil
    do {
      let written = try pending.work.value()
      saved = pending.progress
      failure = nil
      try emit(
        .checkpoint(
          step: pending.progress.step, folder: written.checkpoint.url, sha256: written.sha256))
      if !written.removed.isEmpty { try emit(.removed(steps: written.removed)) }
      dropValidations(through: pending.progress.step)
      if let problem = written.problem { try emit(.note(problem)) }
    } catch let error as UnsavableError {
      throw error
    } catch  where Self.isDiskError(error) {
      let delay =
        failure.map { min(2 * $0.delay, Self.delays.upperBound) } ?? Self.delays.lowerBound
      failure = Failure(
        reason: "\(error)", delay: delay, retryAt: .now + .seconds(delay))
      try emit(.unsaved(step: pending.progress.step, reason: "\(error)", retryIn: delay))
    } catch {
      throw UnsavableError(cause: error)
    }
  }

  /// Drops the validations at past steps without a checkpoint.
  private func dropValidations(through step: Int) {
    guard !validation.isEmpty else { return }
    let existing = Set(folder.checkpoints.map(\.step))
    validation.removeAll { $0.step <= step && !existing.contains($0.step) }
  }

  private func emit(_ event: TrainingEvent) throws(UnsavableError) {
    try UnsavableError.marking { try report(event) }
  }

  /// Whether more space or other permissions may resolve an error.
  private static func isDiskError(_ error: any Error) -> Bool { error is FileAccessError }
}
