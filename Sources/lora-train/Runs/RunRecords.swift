import DreamBooth
import Foundation
import RunLog

/// All that is recorded of a run besides the run itself, in memory: where it comes from does not matter
/// when a database has to be made whole.
struct RunRecords {
  var steps: [StepRecord] = []
  var checkpoints: [CheckpointRecord] = []
  var samples: [SampleRecord] = []
  var validation: [ValidationRecord] = []
  var resumptions: [Resumption] = []

  /// Nothing yet.
  init() {}

  /// What a database holds. Throws `RunLogError`.
  init(of run: Int64, in log: RunLog) throws {
    steps = try log.losses(run)
    checkpoints = try log.checkpoints(run)
    samples = try log.samples(run)
    validation = try log.validation(run)
    resumptions = try log.resumptions(run)
  }

  /// What a run's folder holds: its whole checkpoints and its sample grids, and in the newest
  /// checkpoint the rest.
  ///
  /// - Parameter known: checkpoints whose hashes are known; only the newest whole one is read again.
  /// - Returns: also the state of that one, nil where there is none, and what is wrong with others.
  static func read(
    _ folder: RunFolder, known: [CheckpointRecord] = []
  ) -> (records: RunRecords, state: TrainingState?, problems: [String]) {
    let run = Int64(folder.id)
    let hashes = Dictionary(known.map { ($0.step, $0.sha256) }, uniquingKeysWith: { $1 })
    var records = RunRecords()
    var newest: TrainingState?
    var problems: [String] = []
    for checkpoint in folder.checkpoints {
      do {
        let sha256 =
          try newest == nil
          ? checkpoint.verify() : hashes[checkpoint.step] ?? checkpoint.verify()
        newest = try newest ?? checkpoint.state()
        records.checkpoints.insert(
          CheckpointRecord(
            run: run, step: checkpoint.step,
            path: "\(folder.path)/\(checkpoint.url.lastPathComponent)", sha256: sha256), at: 0)
      } catch {
        problems.append("\(error)")
      }
    }
    records.samples = folder.sampledSteps.map { step in
      SampleRecord(
        run: run, step: step,
        path: "\(folder.path)/samples/\(folder.sampleGrid(step: step).lastPathComponent)")
    }
    if let newest {
      records.steps = newest.history.map { StepRecord(run: run, $0) }
      records.validation = (newest.validation ?? []).map {
        ValidationRecord(run: run, $0)
      }
      records.resumptions = (newest.continuations ?? []).map { Resumption(run: run, $0) }
    }
    return (records, newest, problems)
  }

  /// Enters all of it. Throws `RunLogError`.
  func enter(_ run: Run, in log: RunLog) throws {
    try log.adopt(
      run, steps: steps, checkpoints: checkpoints, samples: samples, validation: validation,
      resumptions: resumptions)
    try log.keepCheckpoints(of: run.id, steps: Set(checkpoints.map(\.step)))
  }
}

extension RunFolder {
  /// Where the run lies below its root.
  var path: String {
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

extension StepRecord {
  /// A step as the trainer reports it.
  init(run: Int64, _ report: StepReport) {
    self.init(
      run: run, step: report.step, loss: report.loss, learningRate: report.learningRate,
      gradNorm: report.gradNorm, seconds: report.seconds, timestep: report.timestep,
      instanceLoss: report.instanceLoss, priorLoss: report.priorLoss)
  }
}

extension Resumption {
  /// A continuation as checkpoints tell it.
  fileprivate init(run: Int64, _ continuation: Continuation) {
    let date = ISO8601DateFormatter().date(from: continuation.resumedAt)
    self.init(
      run: run, step: continuation.step, sha256: continuation.sha256,
      version: continuation.version, resumedAt: date ?? Date(timeIntervalSince1970: 0),
      changes: continuation.changes.isEmpty ? nil : continuation.changes.joined(separator: "; "))
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
