import Foundation
import GRDB

/// The steps that are not in the database yet.
///
/// A synced transaction takes milliseconds, and a step of a small model little more. So steps are
/// collected and written at most once per interval, and with every other change.
struct StepBuffer {
  struct Entry {
    let step: StepRecord
    let peakMemoryBytes: Int64?
  }

  /// Time from a failed write to the next. With the busy timeout at every flush interval, training
  /// would stall.
  static let retryInterval = Duration.seconds(30)

  private(set) var entries: [Entry] = []
  private var due = ContinuousClock.now

  var isDue: Bool { ContinuousClock.now >= due }

  mutating func append(_ entry: Entry) {
    entries.append(entry)
  }

  mutating func removeSteps(of run: Int64, after step: Int) {
    entries.removeAll { $0.step.run == run && $0.step.step > step }
  }

  /// The runs that the steps belong to.
  var runs: Set<Int64> { Set(entries.map(\.step.run)) }

  /// Writes the steps and the progress of their runs. The steps stay in the buffer until
  /// ``written(next:)``.
  func write(to db: Database) throws {
    for entry in entries {
      try entry.step.insert(db, onConflict: .replace)
    }
    for (run, entries) in Dictionary(grouping: entries, by: \.step.run) {
      guard let last = entries.last?.step else { continue }
      let peakMemoryBytes = entries.compactMap(\.peakMemoryBytes).max()
      try db.execute(
        sql: """
          UPDATE run SET step = ?, loss = ?, updated_at = ?,
          peak_memory_bytes = nullif(max(ifnull(peak_memory_bytes, 0), ifnull(?, 0)), 0)
          WHERE id = ?
          """,
        arguments: [last.step, last.loss, Date(), peakMemoryBytes, run])
    }
  }

  /// Empties the buffer after a write; the next one is due in `interval`.
  mutating func written(next interval: Duration) {
    entries.removeAll(keepingCapacity: true)
    due = .now + interval
  }

  /// Called before a write: if it fails, the next one is due after ``retryInterval``.
  mutating func postpone() {
    due = .now + Self.retryInterval
  }
}
