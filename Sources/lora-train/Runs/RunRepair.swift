import DreamBooth
import Foundation
import RunLog

/// Makes the records whole again from the run folders, which hold everything.
struct RunRepair {
  /// How long a run that is recorded as running may say nothing before it counts as dead where it is
  /// not locked. (It is recorded a moment before it is locked.)
  private static let patience: TimeInterval = 60

  let log: RunLog
  let root: RootOption

  /// Enters the runs on the disk that the records do not know, and marks as interrupted those that
  /// nobody trains any more.
  func repair() throws {
    var known = try log.runs().map { (id: Int($0.id), path: $0.path) }
    for folder in RunFolder.all(below: root.url) {
      guard !known.contains(where: { $0.path == folder.path }), !isLocked(folder) else { continue }
      if let other = known.first(where: { $0.id == folder.id }) {
        Console.say(
          "Note: \(folder.url.relativePath) is not recorded, because run \(other.id) is "
            + "\(other.path); give the folder a number of its own.")
      } else if try adopt(folder) {
        known.append((folder.id, folder.path))
      }
    }
    for run in try log.interrupt(where: isDead) {
      try reconcile(run)
      Console.say("Note: run \(run.id) was interrupted at step \(run.step).")
    }
  }

  /// Enters a run as its whole checkpoints tell it; false for one without any, which holds nothing
  /// to go on with.
  private func adopt(_ folder: RunFolder) throws -> Bool {
    let (records, state, problems) = RunRecords.read(folder)
    for problem in problems { Console.say("Note: \(problem)") }
    guard let state else { return false }
    try records.enter(Run(state, in: folder), in: log)
    Console.say("Note: \(folder.url.relativePath) was not recorded, and is now.")
    return true
  }

  /// Brings the records of a run whose process died up to its folder.
  private func reconcile(_ run: Run) throws {
    var (records, state, _) = RunRecords.read(
      run.folder(below: root), known: try log.checkpoints(run.id))
    var run = run
    if let state, state.step > run.step {
      run.step = state.step
      run.loss = state.history.last?.loss
    }
    // Those of a lineage that no checkpoint holds yet are in the database alone.
    records.resumptions = []
    try records.enter(run, in: log)
  }

  /// Whether nobody trains a run that is recorded as running. A process number alone does not tell:
  /// it may be another's after a restart of the machine, and is unknown in another container.
  private func isDead(_ run: Run) -> Bool {
    !isLocked(run.folder(below: root))
      && (run.processIsGone || Date().timeIntervalSince(run.updatedAt) > Self.patience)
  }

  /// Whether some process trains a run; true also where that cannot be found out.
  private func isLocked(_ folder: RunFolder) -> Bool {
    do {
      return try RunLock.isHeld(folder)
    } catch {
      return true
    }
  }
}

extension Run {
  /// A run as its newest checkpoint tells it.
  fileprivate init(_ state: TrainingState, in folder: RunFolder) throws {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.url.path)
    let date = attributes[.modificationDate] as? Date ?? Date()
    let isSampled =
      state.config.sampleEvery == 0
      || FileManager.default.fileExists(atPath: folder.sampleGrid(step: state.step).path)
    self.init(
      id: Int64(folder.id), subject: state.config.subject,
      status: state.step >= state.config.steps && isSampled ? .finished : .interrupted,
      step: state.step,
      steps: state.config.steps, path: folder.path,
      model: state.config.model ?? "not recorded",
      dataset: state.config.datasetPath, config: try state.config.recordJSON(),
      version: Version.current, startedAt: date, updatedAt: date, loss: state.history.last?.loss)
  }
}
