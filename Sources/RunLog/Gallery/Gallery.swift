package import Foundation
package import GRDB

/// The database of the studio: its jobs and the pictures that they have drawn. The pictures themselves
/// are PNG files, which also contain their records.
///
/// It is a file of its own, so that a drawing never waits for a training that writes its steps, nor a
/// training for a drawing. Every change is one transaction. Every method throws ``RunLogError``.
package final class Gallery: GalleryReading {
  /// Seconds to wait while another process writes.
  private static let busyTimeout: TimeInterval = 5

  package let url: URL

  private let writer: any DatabaseWriter
  /// Identity of the open file.
  private let identity: FileIdentity

  /// Opens the database at `url`. Creates it and its folder if they do not exist.
  package init(at url: URL) throws(RunLogError) {
    self.url = url
    (writer, identity) = try RunLog.explaining(url.relativePath) {
      try RunLog.makeFolder(of: url)
      let pool = try RunLog.open(
        url, migrator: GallerySchema.migrator, busyTimeout: Self.busyTimeout)
      return (pool, try FileIdentity(of: url))
    }
  }

  /// Whether the file was deleted or replaced since it was opened. Changes would be lost then.
  package var isReplaced: Bool {
    do {
      return try FileIdentity(of: url) != identity
    } catch {
      return true
    }
  }

  package func read<Value>(_ body: (Database) throws -> Value) throws(RunLogError) -> Value {
    try RunLog.explaining(url.relativePath) { try writer.read(body) }
  }

  /// Adds a job, and returns it with its number.
  package func add(_ job: StudioJob) throws(RunLogError) -> StudioJob {
    try write { db in
      var job = job
      try job.insert(db)
      return job
    }
  }

  /// Sets the state of a job.
  package func set(
    _ status: JobStatus, of job: Int64, failure: String? = nil
  ) throws(RunLogError) {
    try write { db in
      try db.execute(
        sql: "UPDATE job SET status = ?, failure = ?, updated_at = ? WHERE id = ?",
        arguments: [status, failure, Date(), job])
    }
  }

  /// Marks the jobs of a process that has died as failed.
  package func failActive(_ reason: String) throws(RunLogError) {
    try write { db in
      try db.execute(
        sql: "UPDATE job SET status = ?, failure = ?, updated_at = ? WHERE status IN (?, ?)",
        arguments: [JobStatus.failed, reason, Date(), JobStatus.waiting, JobStatus.running])
    }
  }

  /// Records the folder with the result of a job, relative to the database's folder.
  package func setResult(_ path: String, of job: Int64) throws(RunLogError) {
    try write { db in
      try db.execute(sql: "UPDATE job SET result = ? WHERE id = ?", arguments: [path, job])
    }
  }

  /// Adds a picture, and returns it with its number. A file that is recorded already is not added again.
  package func add(_ picture: GalleryPicture) throws(RunLogError) -> GalleryPicture {
    try write { db in
      let known = GalleryPicture.filter(Column("path") == picture.path)
      if let known = try known.fetchOne(db) { return known }
      var picture = picture
      try picture.insert(db)
      return picture
    }
  }

  /// Removes a picture. Its file stays.
  package func remove(_ picture: Int64) throws(RunLogError) {
    try write { db in
      _ = try GalleryPicture.deleteOne(db, key: picture)
    }
  }

  /// Marks a picture, or removes its mark.
  package func star(_ picture: Int64, _ isStarred: Bool) throws(RunLogError) {
    try write { db in
      try db.execute(
        sql: "UPDATE picture SET is_starred = ? WHERE id = ?", arguments: [isStarred, picture])
    }
  }

  private func write<Value: Sendable>(
    _ change: (Database) throws -> Value
  ) throws(RunLogError) -> Value {
    try RunLog.explaining(url.relativePath) { try writer.write(change) }
  }
}
