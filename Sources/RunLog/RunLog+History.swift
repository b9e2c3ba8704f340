import Foundation
import GRDB

extension RunLog {
  /// All runs, oldest first.
  public func runs() throws(RunLogError) -> [Run] {
    try read { try Run.order(RunColumn.id).fetchAll($0) }
  }

  /// The run with that id; throws ``RunLogError/noSuchRun(id:file:existing:)``.
  public func run(_ id: Int64) throws(RunLogError) -> Run {
    try read { try run(id, in: $0) }
  }

  /// The run begun last; nil when there is none.
  public func latest() throws(RunLogError) -> Run? {
    try read { try Run.order(RunColumn.id.desc).fetchOne($0) }
  }

  /// The run begun last among those that are not finished, of one subject or of all. Its status
  /// may be `running`: then its process works on it, or died.
  public func latestUnfinished(subject: String? = nil) throws(RunLogError) -> Run? {
    try read { db in
      var unfinished = Run.filter(RunColumn.status != RunStatus.finished)
      if let subject { unfinished = unfinished.filter(RunColumn.subject == subject) }
      return try unfinished.order(RunColumn.id.desc).fetchOne(db)
    }
  }

  /// The steps of a run, in order.
  public func losses(_ run: Int64) throws(RunLogError) -> [StepRecord] {
    try rows(of: run)
  }

  /// The checkpoints of a run, in order.
  public func checkpoints(_ run: Int64) throws(RunLogError) -> [CheckpointRecord] {
    try rows(of: run)
  }

  /// The sample grids of a run, in order.
  public func samples(_ run: Int64) throws(RunLogError) -> [SampleRecord] {
    try rows(of: run)
  }

  /// The held-out losses of a run, in order.
  public func validation(_ run: Int64) throws(RunLogError) -> [ValidationRecord] {
    try rows(of: run)
  }

  /// How often and from where a run was continued, oldest first.
  public func resumptions(_ run: Int64) throws(RunLogError) -> [Resumption] {
    try read { try resumptions(run, in: $0) }
  }

  /// Every run as `runs --json` tells it, oldest first.
  public func summaries() throws(RunLogError) -> [RunSummary] {
    try read { db in
      try Run.order(RunColumn.id).fetchAll(db).map { try summary($0, in: db) }
    }
  }

  /// One run as `show --json` tells it.
  public func detail(_ id: Int64) throws(RunLogError) -> RunDetail {
    try read { db in
      let run = try run(id, in: db)
      return RunDetail(
        summary: try summary(run, in: db),
        config: try JSONValue.config(of: run, file: file),
        losses: try rows(of: id, in: db),
        checkpoints: try rows(of: id, in: db),
        samples: try rows(of: id, in: db),
        validation: try rows(of: id, in: db),
        resumptions: try resumptions(id, in: db))
    }
  }

  private func summary(_ run: Run, in db: Database) throws -> RunSummary {
    // The first two steps also allocate memory and choose kernels.
    let seconds = try Double.fetchAll(
      db, sql: "SELECT seconds FROM step WHERE run = ? ORDER BY step LIMIT -1 OFFSET 2",
      arguments: [run.id])
    return RunSummary(run: run, secondsPerStep: median(seconds), root: root)
  }

  private func rows<Record: RunRecord>(of run: Int64) throws(RunLogError) -> [Record] {
    try read { try rows(of: run, in: $0) }
  }

  private func rows<Record: RunRecord>(of run: Int64, in db: Database) throws -> [Record] {
    _ = try self.run(run, in: db)
    return try Record.filter(Column("run") == run).order(Column("step")).fetchAll(db)
  }

  private func resumptions(_ run: Int64, in db: Database) throws -> [Resumption] {
    _ = try self.run(run, in: db)
    return try Resumption.filter(Column("run") == run).order(Column.rowID).fetchAll(db)
  }
}

/// The middle value, or the mean of the middle two; nil when there are none.
func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty else { return nil }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2)
    ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
