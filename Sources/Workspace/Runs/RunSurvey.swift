import Files
import Foundation
import Options
import RunLog
import Training

/// Compares the database with the run folders, which contain everything. Writes nothing.
struct RunSurvey {
  /// A run read from its folder.
  struct FoundRun {
    let run: Run
    let records: RunRecords
    let folder: RunFolder
  }

  /// Seconds without a new record after which an unlocked run that is recorded as running counts as
  /// dead, if its process is on another machine or its number belongs to a new process.
  private static let patience: TimeInterval = 60

  let project: ProjectFolder

  /// The runs on the disk that are not recorded, read from their checkpoints, and the problems of their
  /// folders. A folder without a readable checkpoint is left out, since nothing can be resumed from it.
  ///
  /// - Parameter check: see ``RunRecords/read(_:known:check:)``.
  func unrecorded(
    besides recorded: [Run], check: (CheckpointFolder) throws -> String = { try $0.verify() }
  ) throws -> (runs: [FoundRun], problems: [String]) {
    var known = recorded.map { (id: Int($0.id), path: $0.path) }
    var found: [FoundRun] = []
    var problems: [String] = []
    for folder in RunFolder.all(below: project.url) {
      guard !known.contains(where: { $0.path == folder.path || isSame($0, folder) }),
        !isLocked(folder, ifUnknown: true)
      else { continue }
      if let other = known.first(where: { $0.id == folder.id }) {
        problems.append(
          "\(folder.url.relativePath) is not recorded, because run \(other.id) is \(other.path); give "
            + "the folder another number.")
        continue
      }
      let (records, state, faults) = RunRecords.read(folder, check: check)
      problems += faults
      guard let state else { continue }
      found.append(
        FoundRun(run: try Run(state, in: folder), records: records, folder: folder))
      known.append((folder.id, folder.path))
    }
    return (found, problems + RunFolder.others(below: project.url).map(problem))
  }

  /// The sentence on a folder with checkpoints that is no run folder.
  private func problem(_ folder: RunFolder) -> String {
    let name = "\(folder.url.relativePath) has checkpoints, but is not listed"
    do {
      guard let run = try folder.checkpoints.first?.state().run else { return "\(name)." }
      let isCopy = RunFolder.all(below: project.url).contains {
        $0.id == run && !$0.checkpoints.isEmpty
      }
      return isCopy
        ? "\(name), because it is a copy of run \(run)."
        : "\(name), because its name is not run-\(run); rename it to use it."
    } catch {
      return "\(name): \(error)"
    }
  }

  /// Whether a recorded run's folder is this one under another name: through a link, or on a file system
  /// that ignores case.
  private func isSame(_ known: (id: Int, path: String), _ folder: RunFolder) -> Bool {
    guard known.id == folder.id else { return false }
    return DurableFile.isSame(project.url.appending(path: known.path), folder.url)
  }

  /// A run whose process died, with the records of its folder, and a note if recorded checkpoints are
  /// missing there.
  func reconciled(
    _ run: Run, known: [CheckpointRecord],
    check: (CheckpointFolder) throws -> String = { try $0.verify() }
  ) -> (run: Run, records: RunRecords, note: String?) {
    var (records, state, _) = RunRecords.read(
      project.folder(of: run), known: known, check: check)
    var run = run
    run.status = .interrupted
    if let state, state.step > run.step {
      run.step = state.step
      run.loss = state.loss
    }
    // The database may have a later resume that no checkpoint has yet.
    records.resumes = []
    let lost = project.lostCheckpoints(of: run, known, validation: records.validation)
    return (run, records, lost.isEmpty ? nil : LostCheckpoints.sentence(run.id, lost))
  }

  /// Whether a run is recorded as running, but no process trains it. The process number alone is not
  /// enough: after a restart it may belong to another process, and in another container it is unknown.
  func isDead(_ run: Run) -> Bool {
    run.status == .running && !isLocked(project.folder(of: run), ifUnknown: true)
      && (run.processIsGone || Date().timeIntervalSince(run.updatedAt) > Self.patience)
  }

  /// The state of a recorded run. A run whose process died is interrupted. One that a process prepares
  /// to resume is running, although the resume is recorded only when the preparation has succeeded.
  func status(of run: Run) -> RunStatus {
    guard run.status != .running else { return isDead(run) ? .interrupted : .running }
    return isLocked(project.folder(of: run), ifUnknown: false) ? .running : run.status
  }

  /// Whether a process holds the lock of a run, or `ifUnknown` if the lock cannot be read.
  private func isLocked(_ folder: RunFolder, ifUnknown: Bool) -> Bool {
    do {
      return try RunLock.isHeld(folder)
    } catch {
      return ifUnknown
    }
  }
}

extension Run {
  /// A run read from its newest checkpoint.
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
    (worldSize, hosts) = (state.ranks?.size, state.ranks?.hosts)
  }
}
