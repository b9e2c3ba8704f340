import Files
import Foundation
import GRDB

extension RunLog {
  /// Adds a new run with the next free id.
  ///
  /// - Parameters:
  ///   - config: The resolved configuration, the text of a JSON object.
  ///   - version: The program's version.
  ///   - above: The highest id of a run folder on the disk. The new id is higher, even if the
  ///     database lacks that run.
  ///   - path: The path of the run folder for an id, relative to the database's folder.
  ///   - prepare: Called with the run before it is recorded. If it throws, nothing is recorded.
  /// - Throws: ``RunLogError``, such as `noFreeID`, and what `prepare` throws.
  public func begin(
    subject: String, steps: Int, model: String, dataset: String, config: String, version: String,
    above: Int64 = 0, path: (Int64) -> String, prepare: (Run) throws -> Void = { _ in }
  ) throws -> Run {
    var refusal: (any Error)?
    do {
      return try begin(above: above) { id in
        let now = Date()
        let run = Run(
          id: id, subject: subject, status: .running, step: 0, steps: steps, path: path(id),
          model: model, dataset: dataset, config: config, version: version, startedAt: now,
          updatedAt: now)
        do {
          try prepare(run)
        } catch {
          refusal = error
          throw error
        }
        return run
      }
    } catch {
      throw refusal ?? error
    }
  }

  /// Adds a run with the next free id. No other process can take it meanwhile.
  private func begin(
    above: Int64, run: (Int64) throws -> Run
  ) throws(RunLogError) -> Run {
    try write { db in
      let last = try Run.select(max(RunColumn.id), as: Int64.self).fetchOne(db) ?? 0
      let highest = max(last, above)
      guard highest < Run.highestID else {
        throw RunLogError.noFreeID(file: file, highest: highest)
      }
      let id = highest + 1
      try run(id).insert(db)
      return try self.run(id, in: db)
    }
  }

  /// Resumes a run from the checkpoint of `step`. Records of later steps are removed, because these
  /// steps will be trained again. Without a checkpoint all records are removed, the sample of step
  /// 0 too.
  ///
  /// - Parameters:
  ///   - sha256: SHA-256 of the checkpoint's adapter; nil to restart without a checkpoint.
  ///   - steps: The new number of steps; nil keeps it.
  ///   - config: The new configuration; nil keeps it.
  ///   - keepsValidation: Whether to keep the validation losses so far. Losses of other validation
  ///     images are not comparable with later ones.
  ///   - changes: The changes that were allowed.
  public func resume(
    _ id: Int64, from step: Int, sha256: String?, steps: Int? = nil, config: String? = nil,
    version: String, keepsValidation: Bool = true, changes: String? = nil
  ) throws(RunLogError) -> Run {
    let kept = sha256 == nil ? -1 : step
    forgetSteps(of: id, after: kept)
    return try write { db in
      var run = try self.run(id, in: db)
      for table in ["step", "checkpoint", "sample", "validation"] {
        try db.execute(
          sql: "DELETE FROM \(table) WHERE run = ? AND step > ?", arguments: [id, kept])
      }
      if !keepsValidation {
        try db.execute(sql: "DELETE FROM validation WHERE run = ?", arguments: [id])
      }
      let now = Date()
      try ResumeRecord(
        run: id, step: step, sha256: sha256, version: version, resumedAt: now, changes: changes
      ).insert(db)
      run.status = .running
      run.step = step
      run.steps = steps ?? run.steps
      run.config = config ?? run.config
      run.loss = try StepRecord.fetchOne(db, key: ["run": id, "step": step])?.loss
      run.updatedAt = now
      run.finishedAt = nil
      run.secondsPerStep = nil
      run.failure = nil
      run.pid = CurrentProcess.pid
      run.host = CurrentProcess.host
      try run.update(db)
      return try self.run(id, in: db)
    }
  }

  /// Records a change of the settings of a running training, and its place in the run's lineage if it
  /// changes the results. Throws `RunLogError`.
  public func change(
    _ id: Int64, config: String, resume: ResumeRecord?
  ) throws(RunLogError) {
    try write { db in
      var run = try self.run(id, in: db)
      try resume?.insert(db)
      run.config = config
      run.updatedAt = Date()
      try run.update(db)
    }
  }

  /// Records the ranks that train a run together; nil for a process on its own. Throws `RunLogError`.
  public func record(worldSize: Int?, hosts: [String]?, of id: Int64) throws(RunLogError) {
    try write { db in
      var run = try self.run(id, in: db)
      (run.worldSize, run.hosts) = (worldSize, hosts)
      try run.update(db)
    }
  }

  /// Records a step. Replaces a step of the same number.
  ///
  /// This takes about a microsecond: steps are collected in memory and written together, at most
  /// once per flush interval and with every other change. A crash loses at most the steps of one
  /// interval. They lie after the last checkpoint if ``flush()`` is called before each. If writing
  /// fails, the error is thrown and the steps are kept. The next change, or the first step half a
  /// minute later, tries again, so training can continue.
  public func record(
    _ step: StepRecord, peakMemoryBytes: Int64? = nil
  ) throws(RunLogError) {
    let quantities = [
      ("loss", step.loss), ("learning rate", step.learningRate), ("duration", step.seconds),
    ]
    for (quantity, value) in quantities where !value.isFinite {
      throw .notFinite(run: step.run, step: step.step, quantity: quantity, value: value)
    }
    if gather(step, peakMemoryBytes: peakMemoryBytes) {
      try flush()
    }
  }

  /// Writes the steps collected so far. Call it before a checkpoint folder gets its final name, so
  /// that the database has every step up to the checkpoint.
  public func flush() throws(RunLogError) {
    try write { _ in }
  }

  /// Records a checkpoint whose folder is complete.
  public func record(_ checkpoint: CheckpointRecord) throws(RunLogError) {
    try update(checkpoint.run) { try checkpoint.insert($0, onConflict: .replace) }
  }

  /// Records a sample grid that is on the disk.
  public func record(_ sample: SampleRecord) throws(RunLogError) {
    try update(sample.run) { try sample.insert($0, onConflict: .replace) }
  }

  /// Records a validation. Replaces one of the same step.
  public func record(_ validation: ValidationRecord) throws(RunLogError) {
    guard validation.loss.isFinite else {
      throw .notFinite(
        run: validation.run, step: validation.step, quantity: "validation loss",
        value: validation.loss)
    }
    try update(validation.run) { try validation.insert($0, onConflict: .replace) }
  }

  /// Marks a run as finished: all its steps are done.
  public func finish(_ id: Int64) throws(RunLogError) {
    try end(id, .finished, at: Date())
  }

  /// Marks a run as interrupted: it was stopped and can be resumed.
  public func interrupt(_ id: Int64) throws(RunLogError) {
    try end(id, .interrupted, at: nil)
  }

  /// Marks a run as failed, with the error as one sentence.
  public func fail(_ id: Int64, _ message: String) throws(RunLogError) {
    try end(id, .failed, at: Date(), failure: message)
  }

  /// Marks as interrupted the running runs whose process has died. The caller decides which, by the
  /// lock on the run folder or by ``Run/processIsGone``.
  ///
  /// - Returns: The runs that were marked.
  public func interrupt(where isDead: (Run) -> Bool) throws(RunLogError) -> [Run] {
    try write { db in
      var dead = try Run.filter(RunColumn.status == RunStatus.running).fetchAll(db)
        .filter(isDead)
      for index in dead.indices {
        dead[index].status = .interrupted
        dead[index].secondsPerStep = try Run.medianSeconds(of: dead[index].id, in: db)
        try dead[index].update(db)
      }
      return dead
    }
  }

  /// Adds a run found on the disk under its own id, for a database that lacks it or is behind.
  /// Replaces the run and its records of the same steps; records of other steps stay. The resumes
  /// replace the recorded ones if those are fewer.
  public func adopt(
    _ run: Run, steps: [StepRecord] = [], checkpoints: [CheckpointRecord] = [],
    samples: [SampleRecord] = [], validation: [ValidationRecord] = [],
    resumes: [ResumeRecord] = []
  ) throws(RunLogError) {
    try write { db in
      var run = run
      try run.upsert(db)
      for step in steps { try step.insert(db, onConflict: .replace) }
      run.secondsPerStep =
        run.status == .running ? nil : try Run.medianSeconds(of: run.id, in: db)
      try run.update(db)
      for checkpoint in checkpoints { try checkpoint.insert(db, onConflict: .replace) }
      for sample in samples { try sample.insert(db, onConflict: .replace) }
      for evaluation in validation { try evaluation.insert(db, onConflict: .replace) }
      let known = ResumeRecord.filter(Column("run") == run.id)
      if try known.fetchCount(db) < resumes.count {
        try known.deleteAll(db)
        for resume in resumes { try resume.insert(db) }
      }
    }
  }

  /// Removes the records of a run's checkpoints that are no longer on the disk: all but those of
  /// `steps`.
  public func keepCheckpoints(of id: Int64, steps: Set<Int>) throws(RunLogError) {
    try write { db in
      let gone = CheckpointRecord.filter(Column("run") == id).filter(
        !steps.contains(Column("step")))
      try gone.deleteAll(db)
    }
  }

  /// Changes a run and sets its `updatedAt` to now.
  private func update(
    _ id: Int64, _ change: (Database) throws -> Void
  ) throws(RunLogError) {
    try write { db in
      var run = try self.run(id, in: db)
      try change(db)
      run.updatedAt = Date()
      try run.update(db)
    }
  }

  private func end(
    _ id: Int64, _ status: RunStatus, at finishedAt: Date?, failure: String? = nil
  ) throws(RunLogError) {
    // The median needs all steps in the database.
    if !unwritten.isEmpty { try flush() }
    try write { db in
      var run = try self.run(id, in: db)
      run.status = status
      run.updatedAt = Date()
      run.finishedAt = finishedAt
      run.secondsPerStep = try Run.medianSeconds(of: id, in: db)
      run.failure = failure
      try run.update(db)
    }
  }
}
