import Foundation
import Options
import RunLog
import Training

/// Compares the records of runs with the run folders, which hold everything. Writes nothing.
struct RunSurvey {
  /// A run as its folder has it.
  struct FoundRun {
    let run: Run
    let records: RunRecords
    let folder: RunFolder
  }

  /// How long a run that is recorded as running may be without a new record before it counts as dead
  /// where it is not locked. (It is recorded a moment before it is locked.)
  private static let patience: TimeInterval = 60

  let project: ProjectFolder

  /// The runs on the disk that are not among those recorded, as their checkpoints have them, and what is
  /// wrong with folders. A folder without a readable checkpoint holds nothing to resume, and is left
  /// out.
  ///
  /// - Parameter check: see ``RunRecords/read(_:known:check:)``.
  func unrecorded(
    besides recorded: [Run], check: (CheckpointFolder) throws -> String = { try $0.verify() }
  ) throws -> (runs: [FoundRun], problems: [String]) {
    var known = recorded.map { (id: Int($0.id), path: $0.path) }
    var found: [FoundRun] = []
    var problems: [String] = []
    for folder in RunFolder.all(below: project.url) {
      guard !known.contains(where: { $0.path == folder.path }), !isLocked(folder) else { continue }
      if let other = known.first(where: { $0.id == folder.id }) {
        problems.append(
          "\(folder.url.relativePath) is not recorded, because run \(other.id) is \(other.path); give "
            + "the folder a number of its own.")
        continue
      }
      let (records, state, faults) = RunRecords.read(folder, check: check)
      problems += faults
      guard let state else { continue }
      found.append(
        FoundRun(run: try Run(state, in: folder), records: records, folder: folder))
      known.append((folder.id, folder.path))
    }
    return (found, problems)
  }

  /// A run whose process died, with what its folder has. What the folder does not have is missing.
  func reconciled(
    _ run: Run, known: [CheckpointRecord],
    check: (CheckpointFolder) throws -> String = { try $0.verify() }
  ) -> (run: Run, records: RunRecords) {
    var (records, state, _) = RunRecords.read(
      project.folder(of: run), known: known, check: check)
    var run = run
    run.status = .interrupted
    if let state, state.step > run.step {
      run.step = state.step
      run.loss = state.loss
    }
    // A resumption that no checkpoint holds yet is in the database alone.
    records.resumptions = []
    return (run, records)
  }

  /// Whether a run is recorded as running and nobody trains it. A process number alone does not tell:
  /// it may be another's after a restart of the machine, and is unknown in another container.
  func isDead(_ run: Run) -> Bool {
    run.status == .running && !isLocked(project.folder(of: run))
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
  /// A run as its newest checkpoint has it.
  fileprivate init(_ state: TrainingState, in folder: RunFolder) throws {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.url.path)
    let date = attributes[.modificationDate] as? Date ?? Date()
    let isSampled =
      state.config.sampleEvery == 0
      || FileManager.default.fileExists(atPath: folder.sampleGrid(step: state.step).path)
    self.init(
      id: Int64(folder.id), subject: state.config.subject,
      status: state.step >= state.config.steps && isSampled ? .finished : .interrupted,
      step: state.step, steps: state.config.steps, path: folder.path,
      model: state.config.model ?? "not recorded",
      dataset: state.config.datasetPath, config: try state.config.recordJSON(),
      version: Version.current, startedAt: date, updatedAt: date, loss: state.loss)
  }
}
