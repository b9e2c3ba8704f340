package import Foundation
package import GRDB

/// A database of runs that can be read, whether it is open for writing or only for reading.
package protocol RunHistory: Sendable {
  /// The database file.
  var url: URL { get }
  /// Reads from one snapshot of the database. `body` may run more than once.
  func read<Value>(_ body: (Database) throws -> Value) throws(RunLogError) -> Value
}

extension RunHistory {
  /// The database file's path, for errors.
  package var file: String { url.relativePath }

  /// The folder that recorded paths are relative to.
  package var root: URL { url.deletingLastPathComponent() }

  /// All runs, oldest first.
  package func runs() throws(RunLogError) -> [Run] {
    try read { try Run.order(RunColumn.id).fetchAll($0) }
  }

  /// The run with an id. Throws ``RunLogError/noSuchRun(id:file:existing:)``.
  package func run(_ id: Int64) throws(RunLogError) -> Run {
    try read { try run(id, in: $0) }
  }

  /// The steps of a run, in order.
  package func losses(_ run: Int64) throws(RunLogError) -> [StepRecord] {
    try rows(of: run)
  }

  /// The checkpoints of a run, in order.
  package func checkpoints(_ run: Int64) throws(RunLogError) -> [CheckpointRecord] {
    try rows(of: run)
  }

  /// The sample grids of a run, in order.
  package func samples(_ run: Int64) throws(RunLogError) -> [SampleRecord] {
    try rows(of: run)
  }

  /// The validation losses of a run, in order.
  package func validation(_ run: Int64) throws(RunLogError) -> [ValidationRecord] {
    try rows(of: run)
  }

  /// The resumes of a run, oldest first.
  package func resumes(_ run: Int64) throws(RunLogError) -> [ResumeRecord] {
    try read { try resumes(run, in: $0) }
  }

  /// Every run as `runs --json` prints it, oldest first.
  package func summaries() throws(RunLogError) -> [RunSummary] {
    try read { db in
      try Run.order(RunColumn.id).fetchAll(db).map { try summary($0, in: db) }
    }
  }

  /// One run as `show --json` prints it.
  ///
  /// - Parameter withLosses: whether the steps are read, which takes long for a long run.
  package func detail(_ id: Int64, withLosses: Bool = true) throws(RunLogError) -> RunDetail {
    try read { db in
      let run = try run(id, in: db)
      return RunDetail(
        summary: try summary(run, in: db),
        config: try JSONValue.config(of: run, file: file),
        losses: try withLosses ? rows(of: id, in: db) : [],
        checkpoints: try rows(of: id, in: db),
        samples: try rows(of: id, in: db),
        validation: try rows(of: id, in: db),
        resumes: try resumes(id, in: db))
    }
  }

  /// Reads every page of the file and throws ``RunLogError/damaged(file:reason:)`` at the first
  /// fault.
  package func verify() throws(RunLogError) {
    let faults = try read { try String.fetchAll($0, sql: "PRAGMA integrity_check(1)") }
    guard faults == ["ok"] else {
      throw .damaged(file: file, reason: faults.joined(separator: "; "))
    }
  }

  /// The run with an id. Throws ``RunLogError/noSuchRun(id:file:existing:)``.
  func run(_ id: Int64, in db: Database) throws -> Run {
    guard let run = try Run.fetchOne(db, key: id) else {
      let existing = try Run.select(RunColumn.id, as: Int64.self).fetchAll(db)
      throw RunLogError.noSuchRun(id: id, file: file, existing: existing)
    }
    return run
  }

  /// The median duration of a run's steps, see ``RunSummary/secondsPerStep``.
  package func secondsPerStep(of run: Run) throws(RunLogError) -> Double? {
    try read { try secondsPerStep(of: run, in: $0) }
  }

  /// The number of checkpoints, samples and validations of a run.
  package func recordCount(of run: Int64) throws(RunLogError) -> Int {
    try read { db in
      try ["checkpoint", "sample", "validation"].reduce(0) { count, table in
        try count
          + (Int.fetchOne(db, sql: "SELECT count(*) FROM \(table) WHERE run = ?", arguments: [run])
            ?? 0)
      }
    }
  }

  private func summary(_ run: Run, in db: Database) throws -> RunSummary {
    RunSummary(run: run, secondsPerStep: try secondsPerStep(of: run, in: db), root: root)
  }

  private func secondsPerStep(of run: Run, in db: Database) throws -> Double? {
    // It is stored when a run ends, so that a list of runs reads no steps.
    run.status == .running ? try Run.medianSeconds(of: run.id, in: db) : run.secondsPerStep
  }

  private func rows<Record: RunRecord>(of run: Int64) throws(RunLogError) -> [Record] {
    try read { try rows(of: run, in: $0) }
  }

  private func rows<Record: RunRecord>(of run: Int64, in db: Database) throws -> [Record] {
    _ = try self.run(run, in: db)
    return try Record.filter(Column("run") == run).order(Column("step")).fetchAll(db)
  }

  private func resumes(_ run: Int64, in db: Database) throws -> [ResumeRecord] {
    _ = try self.run(run, in: db)
    return try ResumeRecord.filter(Column("run") == run).order(Column.rowID).fetchAll(db)
  }
}
