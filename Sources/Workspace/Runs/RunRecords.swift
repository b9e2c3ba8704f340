import Foundation
package import RunLog
package import Training

/// All records of a run besides the run itself, read from the database or from the run folder.
package struct RunRecords {
  package var steps: [StepRecord] = []
  package var checkpoints: [CheckpointRecord] = []
  package var samples: [SampleRecord] = []
  package var validation: [ValidationRecord] = []
  package var resumes: [ResumeRecord] = []

  init() {}

  /// The records of a database. Throws `RunLogError`.
  package init(of run: Int64, in log: any RunHistory) throws {
    steps = try log.losses(run)
    checkpoints = try log.checkpoints(run)
    samples = try log.samples(run)
    validation = try log.validation(run)
    resumes = try log.resumes(run)
  }

  /// The records of a run folder: its checkpoints and sample grids, and from the newest checkpoint the
  /// rest.
  ///
  /// - Parameters:
  ///   - known: checkpoints whose hashes are known. Only the newest of them is checked again.
  ///   - check: returns the hash of a checkpoint's adapter. Throws for a damaged checkpoint, which is left
  ///     out, as is one of another run.
  /// - Returns: the records; the newest state, nil if none can be read; and the problems of checkpoints
  ///   and history.
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
        try folder.checkOwner(of: checkpoint, recorded: known)
        newest = try newest ?? checkpoint.state()
        records.checkpoints.insert(
          CheckpointRecord(
            run: run, step: checkpoint.step,
            path: "\(folder.path)/\(checkpoint.url.lastPathComponent)", sha256: sha256), at: 0)
      } catch {
        problems.append("\(error)")
      }
    }
    // A state has the history, even if the tensors of all checkpoints are damaged.
    let state = newest ?? folder.soundState(recorded: known)
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
      records.resumes = (state.resumes ?? []).map { ResumeRecord(run: run, $0) }
    }
    return (records, state, problems)
  }

  /// Writes all records into a database. Throws `RunLogError`.
  func enter(_ run: Run, in log: RunLog) throws {
    try log.adopt(
      run, steps: steps, checkpoints: checkpoints, samples: samples, validation: validation,
      resumes: resumes)
    try log.keepCheckpoints(of: run.id, steps: Set(checkpoints.map(\.step)))
  }
}

extension RunFolder {
  /// The path relative to the project folder.
  var path: String {
    Self.path(subject: url.deletingLastPathComponent().lastPathComponent, id: id)
  }

  /// The newest undamaged state, even if the checkpoint's tensors are damaged.
  fileprivate func soundState(recorded: [CheckpointRecord]) -> TrainingState? {
    for checkpoint in checkpoints {
      do {
        _ = try checkpoint.verifyState()
        try checkOwner(of: checkpoint, recorded: recorded)
        return try checkpoint.state()
      } catch {
        // The next older one may be undamaged.
      }
    }
    return nil
  }

  /// The steps with a sample grid.
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
  init(run: Int64, _ report: StepReport) {
    self.init(
      run: run, step: report.step, loss: report.loss, learningRate: report.learningRate,
      learningRates: report.learningRates,
      gradNorm: report.gradNorm, seconds: report.seconds, timestep: report.timestep,
      instanceLoss: report.instanceLoss, priorLoss: report.priorLoss)
  }
}

extension ResumeRecord {
  /// A resume from the state of a checkpoint.
  fileprivate init(run: Int64, _ resume: Resume) {
    self.init(
      run: run, step: resume.step, sha256: resume.sha256,
      version: resume.version,
      resumedAt: ISO8601DateFormatter().date(from: resume.resumedAt),
      changes: resume.changes.isEmpty
        ? nil : resume.changes.joined(separator: ResumeRecord.changesSeparator))
  }
}

extension ValidationReport {
  package init(_ record: ValidationRecord) {
    self.init(
      step: record.step, loss: record.loss, bands: record.bands,
      trainingLoss: record.trainingLoss, trainingBands: record.trainingBands)
  }
}

extension ValidationRecord {
  init(run: Int64, _ report: ValidationReport) {
    self.init(
      run: run, step: report.step, loss: report.loss, bands: report.bands,
      trainingLoss: report.trainingLoss, trainingBands: report.trainingBands)
  }
}
