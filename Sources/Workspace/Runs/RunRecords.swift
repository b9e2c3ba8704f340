import Foundation
package import RunLog
package import Training

/// All that is recorded of a run besides the run itself, in memory: where it comes from does not matter
/// when a database has to be made whole.
package struct RunRecords {
  package var steps: [StepRecord] = []
  package var checkpoints: [CheckpointRecord] = []
  package var samples: [SampleRecord] = []
  package var validation: [ValidationRecord] = []
  package var resumptions: [Resumption] = []

  /// Nothing yet.
  init() {}

  /// What a database holds. Throws `RunLogError`.
  package init(of run: Int64, in log: any RunHistory) throws {
    steps = try log.losses(run)
    checkpoints = try log.checkpoints(run)
    samples = try log.samples(run)
    validation = try log.validation(run)
    resumptions = try log.resumptions(run)
  }

  /// What a run's folder holds: its checkpoints and its sample grids, and in the newest checkpoint the
  /// rest.
  ///
  /// - Parameters:
  ///   - known: checkpoints whose hashes are known; of these only the newest is checked again.
  ///   - check: returns the hash of a checkpoint's adapter; throws for a damaged one, which is left out.
  /// - Returns: also the newest state, nil where none can be read, and what is wrong with checkpoints and
  ///   the history.
  static func read(
    _ folder: RunFolder, known: [CheckpointRecord] = [],
    check: (CheckpointFolder) throws -> String = { try $0.verify() }
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
          ? check(checkpoint) : hashes[checkpoint.step] ?? check(checkpoint)
        newest = try newest ?? checkpoint.state()
        records.checkpoints.insert(
          CheckpointRecord(
            run: run, step: checkpoint.step,
            path: "\(folder.path)/\(checkpoint.url.lastPathComponent)", sha256: sha256), at: 0)
      } catch {
        problems.append("\(error)")
      }
    }
    // With all tensors damaged, a state still has the history.
    let state = newest ?? folder.soundState
    records.samples = folder.sampledSteps.map { step in
      SampleRecord(
        run: run, step: step,
        path: "\(folder.path)/samples/\(folder.sampleGrid(step: step).lastPathComponent)")
    }
    if let state {
      do {
        let history = try folder.history(of: state)
        records.steps = history.steps.map { StepRecord(run: run, $0) }
        records.validation = history.validation.map { ValidationRecord(run: run, $0) }
      } catch {
        problems.append("\(error)")
      }
      records.resumptions = (state.continuations ?? []).map { Resumption(run: run, $0) }
    }
    return (records, state, problems)
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

  /// The state of the newest checkpoint whose state is whole, whatever the rest is.
  fileprivate var soundState: TrainingState? {
    for checkpoint in checkpoints {
      do {
        _ = try checkpoint.verifyState()
        return try checkpoint.state()
      } catch {
        // The next one may be whole.
      }
    }
    return nil
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
      learningRates: report.learningRates,
      gradNorm: report.gradNorm, seconds: report.seconds, timestep: report.timestep,
      instanceLoss: report.instanceLoss, priorLoss: report.priorLoss)
  }
}

extension Resumption {
  /// A continuation as checkpoints tell it.
  fileprivate init(run: Int64, _ continuation: Continuation) {
    self.init(
      run: run, step: continuation.step, sha256: continuation.sha256,
      version: continuation.version,
      resumedAt: ISO8601DateFormatter().date(from: continuation.resumedAt),
      changes: continuation.changes.isEmpty ? nil : continuation.changes.joined(separator: "; "))
  }
}

extension ValidationReport {
  /// An evaluation as it was recorded.
  package init(_ record: ValidationRecord) {
    self.init(
      step: record.step, loss: record.loss, bands: record.bands,
      trainingLoss: record.trainingLoss, trainingBands: record.trainingBands)
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
