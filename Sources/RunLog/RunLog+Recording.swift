import Files
import Foundation
import GRDB

extension RunLog {
  /// Enters a new run with the next free id.
  ///
  /// - Parameters:
  ///   - config: The resolved configuration as the text of one JSON object.
  ///   - version: Version of the program.
  ///   - above: The highest id that a run folder on the disk bears; the new id is higher, even
  ///     when the database does not know that run.
  ///   - path: The folder of the run with a given id, relative to the database's folder.
  /// - Throws: ``RunLogError``, `noFreeID` among them.
  public func begin(
    subject: String, steps: Int, model: String, dataset: String, config: String, version: String,
    above: Int64 = 0, path: (Int64) -> String
  ) throws(RunLogError) -> Run {
    try write { db in
      let last = try Run.select(max(RunColumn.id), as: Int64.self).fetchOne(db) ?? 0
      let highest = max(last, above)
      guard highest < Run.highestID else {
        throw RunLogError.noFreeID(file: file, highest: highest)
      }
      let id = highest + 1
      let now = Date()
      let run = Run(
        id: id, subject: subject, status: .running, step: 0, steps: steps, path: path(id),
        model: model, dataset: dataset, config: config, version: version, startedAt: now,
        updatedAt: now)
      try run.insert(db)
      return try self.run(id, in: db)
    }
  }

  /// Continues a run from the checkpoint of `step`. What was recorded after that step is removed,
  /// because it will be done again; all of it, the sample before the first step too, where the run
  /// begins again from nothing.
  ///
  /// - Parameters:
  ///   - sha256: The checkpoint's adapter; nil to begin again from nothing.
  ///   - steps: The number of steps now asked for; nil leaves it.
  ///   - config: The configuration, where it has changed.
  ///   - keepsValidation: Whether the held-out losses so far are kept: those of other pictures would
  ///     make no curve with what comes.
  ///   - changes: What is different from the run so far and let pass.
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
      try Resumption(
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

  /// Records a step; a step of the same number is replaced.
  ///
  /// Costs about a microsecond: steps are gathered in memory and written together, at most once
  /// per flush interval and with every other change. A crash loses at most the steps of one
  /// interval, which lie after the last checkpoint if ``flush()`` is called before each. When
  /// writing fails the error is thrown, the steps are kept and the next change, or the first step
  /// half a minute later, tries again: training may go on.
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

  /// Writes the steps gathered so far. To be called before a checkpoint folder gets its final
  /// name, so that no checkpoint is ahead of the steps that led to it.
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

  /// Records an evaluation of the held-out pictures; one of the same step is replaced.
  public func record(_ validation: ValidationRecord) throws(RunLogError) {
    guard validation.loss.isFinite else {
      throw .notFinite(
        run: validation.run, step: validation.step, quantity: "held-out loss",
        value: validation.loss)
    }
    try update(validation.run) { try validation.insert($0, onConflict: .replace) }
  }

  /// The run has done all its steps.
  public func finish(_ id: Int64) throws(RunLogError) {
    try end(id, .finished, at: Date())
  }

  /// The run was stopped and can be continued.
  public func interrupt(_ id: Int64) throws(RunLogError) {
    try end(id, .interrupted, at: nil)
  }

  /// The run came to an error, told in one sentence.
  public func fail(_ id: Int64, _ message: String) throws(RunLogError) {
    try end(id, .failed, at: Date(), failure: message)
  }

  /// Marks as interrupted the runs that are recorded as running and are not: those whose process
  /// died. The caller judges, by the lock on the run's folder or by ``Run/processIsGone``.
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

  /// Enters a run found on the disk, under its own id, when the database is behind or lost it.
  /// What is known of the run already is replaced; rows of other steps stay. Its continuations are
  /// entered where fewer are known.
  public func adopt(
    _ run: Run, steps: [StepRecord] = [], checkpoints: [CheckpointRecord] = [],
    samples: [SampleRecord] = [], validation: [ValidationRecord] = [],
    resumptions: [Resumption] = []
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
      let known = Resumption.filter(Column("run") == run.id)
      if try known.fetchCount(db) < resumptions.count {
        try known.deleteAll(db)
        for resumption in resumptions { try resumption.insert(db) }
      }
    }
  }

  /// Forgets the checkpoints of a run but for those of some steps: the others are not on the disk any
  /// more.
  public func keepCheckpoints(of id: Int64, steps: Set<Int>) throws(RunLogError) {
    try write { db in
      let gone = CheckpointRecord.filter(Column("run") == id).filter(
        !steps.contains(Column("step")))
      try gone.deleteAll(db)
    }
  }

  /// Makes a change to a run and marks it as alive.
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
    // The median is that of all steps.
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
