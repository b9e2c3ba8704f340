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
      Console.say("Note: run \(run.id) was interrupted at step \(run.step).")
    }
  }

  /// Enters a run as its whole checkpoints tell it; false for one without any, which holds nothing
  /// to go on with.
  private func adopt(_ folder: RunFolder) throws -> Bool {
    let id = Int64(folder.id)
    var checkpoints: [CheckpointRecord] = []
    var newest: TrainingState?
    for checkpoint in folder.checkpoints {
      do {
        let sha256 = try checkpoint.verify()
        newest = try newest ?? checkpoint.state()
        let path = "\(folder.path)/\(checkpoint.url.lastPathComponent)"
        checkpoints.append(
          CheckpointRecord(run: id, step: checkpoint.step, path: path, sha256: sha256))
      } catch let error as CheckpointError {
        Console.say("Note: \(error)")
      }
    }
    guard let newest else { return false }
    try log.adopt(
      Run(newest, in: folder), steps: newest.history.map { StepRecord(run: id, $0) },
      checkpoints: checkpoints,
      samples: folder.sampledSteps.map { step in
        let grid = folder.sampleGrid(step: step).lastPathComponent
        return SampleRecord(run: id, step: step, path: "\(folder.path)/samples/\(grid)")
      }, validation: newest.validationRecords(run: id))
    Console.say("Note: \(folder.url.relativePath) was not recorded, and is now.")
    return true
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

extension RunFolder {
  /// Where the run lies below its root.
  fileprivate var path: String {
    Self.path(subject: url.deletingLastPathComponent().lastPathComponent, id: id)
  }

  /// The steps that have a sample grid.
  fileprivate var sampledSteps: [Int] {
    let folder = sampleGrid(step: 0).deletingLastPathComponent()
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).compactMap { name in
        guard let step = Int(name.dropFirst("step-".count).dropLast(".png".count)) else {
          return nil
        }
        return name == sampleGrid(step: step).lastPathComponent ? step : nil
      }.sorted()
    } catch {
      return []
    }
  }
}

extension Run {
  /// A run as its newest checkpoint tells it.
  fileprivate init(_ state: TrainingState, in folder: RunFolder) throws {
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.url.path)
    let date = attributes[.modificationDate] as? Date ?? Date()
    self.init(
      id: Int64(folder.id), subject: state.config.subject,
      status: state.step >= state.config.steps ? .finished : .interrupted, step: state.step,
      steps: state.config.steps, path: folder.path,
      model: state.config.model ?? "not recorded",
      dataset: state.config.datasetPath, config: try state.config.recordJSON(),
      version: Version.current, startedAt: date, updatedAt: date, loss: state.history.last?.loss)
  }
}

extension TrainingState {
  /// The held-out losses so far, as records of a run.
  func validationRecords(run: Int64) -> [ValidationRecord] {
    (validation ?? []).map { ValidationRecord(run: run, $0) }
  }
}

extension ValidationRecord {
  /// An evaluation as the trainer reports it.
  init(run: Int64, _ report: ValidationReport) {
    self.init(
      run: run, step: report.step, loss: report.loss, bands: report.bands,
      trainingLoss: report.trainingLoss, trainingBands: report.trainingBands)
  }
}

extension StepRecord {
  /// A step as the trainer reports it.
  init(run: Int64, _ report: StepReport) {
    self.init(
      run: run, step: report.step, loss: report.loss, learningRate: report.learningRate,
      gradNorm: report.gradNorm, seconds: report.seconds, timestep: report.timestep,
      instanceLoss: report.instanceLoss, priorLoss: report.priorLoss)
  }
}
