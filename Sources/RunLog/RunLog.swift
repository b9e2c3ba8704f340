import Failpoints
import Files
public import Foundation
package import GRDB
import Synchronization

/// The database of all runs of a project folder: runs, steps, checkpoints and samples in one SQLite
/// file.
///
/// One process trains and writes while others read (SQLite's write-ahead log). The database is an
/// index: the run folders contain everything too. If the database is lost or behind,
/// ``adopt(_:steps:checkpoints:samples:validation:resumes:)`` adds what the folders contain.
///
/// Every change is one transaction, synced to the disk before the method returns. Only steps are
/// collected first, see ``record(_:peakMemoryBytes:)``. Paths are relative to the database's
/// folder. Every method throws ``RunLogError``.
public final class RunLog: RunHistory {
  /// The database file.
  public let url: URL

  private let writer: any DatabaseWriter
  /// Identity of the open file; nil in memory.
  private let identity: FileIdentity?
  private let flushInterval: Duration
  private let buffer = Mutex(StepBuffer())

  /// Opens the database at `url`. Creates it and its folder if they do not exist.
  ///
  /// - Parameters:
  ///   - flushInterval: The least time between two writes of steps.
  ///   - busyTimeout: Seconds to wait while another process writes.
  public init(
    at url: URL, flushInterval: Duration = .seconds(1), busyTimeout: TimeInterval = 5
  ) throws(RunLogError) {
    self.url = url
    self.flushInterval = flushInterval
    let file = url.relativePath
    do {
      (writer, identity) = try Self.explaining(file) {
        try Self.makeFolder(of: url)
        let pool = try Self.open(url, migrator: Schema.migrator, busyTimeout: busyTimeout)
        return (pool, try FileIdentity(of: url))
      }
    } catch .locked where FileLock.isUnsupported(in: url.deletingLastPathComponent()) {
      // SQLite takes the missing locks for those of another process, and leaves an empty file.
      var status = stat()
      if stat(url.path, &status) == 0, status.st_size == 0 { unlink(url.path) }
      throw .unsupportedFileSystem(file: file, lacks: "file locks")
    }
  }

  /// The steps recorded but not yet written. If the file is damaged or gone, they can be passed to
  /// ``adopt(_:steps:checkpoints:samples:validation:resumes:)`` of a new log.
  public var unwritten: [StepRecord] {
    buffer.withLock { $0.entries.map(\.step) }
  }

  /// Creates an empty database in memory. Its paths are relative to the folder of `url`.
  package init(inMemoryAt url: URL) throws(RunLogError) {
    self.url = url
    flushInterval = .zero
    identity = nil
    writer = try Self.explaining(url.relativePath) {
      let queue = try DatabaseQueue()
      try Schema.migrator.migrate(queue)
      return queue
    }
  }

  // MARK: - For the extensions

  /// Reads from one snapshot of the database.
  package func read<Value>(_ body: (Database) throws -> Value) throws(RunLogError) -> Value {
    try Self.explaining(file) { try writer.read(body) }
  }

  /// Makes a change and writes the steps collected so far, in one transaction. If it fails, the
  /// steps are kept for the next one.
  func write<Value: Sendable>(
    _ change: (Database) throws -> Value
  ) throws(RunLogError) -> Value {
    try buffer.withLock { buffer throws(RunLogError) in
      buffer.postpone()
      let value = try Self.explaining(file) {
        guard try identity == nil || FileIdentity(of: url) == identity else {
          throw RunLogError.replaced(file: file)
        }
        return try writer.write { db in
          let value = try change(db)
          for run in buffer.runs { _ = try self.run(run, in: db) }
          try buffer.write(to: db)
          if Failpoint.database.fails(url.path) {
            throw DatabaseError(resultCode: errno == ENOSPC ? .SQLITE_FULL : .SQLITE_IOERR)
          }
          return value
        }
      }
      Failpoint.database.pass(url.path)
      buffer.written(next: flushInterval)
      return value
    }
  }

  /// Collects a step. Returns true if it is time to write.
  func gather(_ step: StepRecord, peakMemoryBytes: Int64?) -> Bool {
    buffer.withLock {
      $0.append(StepBuffer.Entry(step: step, peakMemoryBytes: peakMemoryBytes))
      return $0.isDue
    }
  }

  /// Drops collected steps that a resumed run will train again.
  func forgetSteps(of run: Int64, after step: Int) {
    buffer.withLock { $0.removeSteps(of: run, after: step) }
  }

  /// Opens the file and migrates its tables.
  ///
  /// Two processes that create the same file at the same moment can fail in ways that SQLite's busy
  /// timeout does not cover: the file changes during a transaction, or a table exists that the
  /// migration was about to create. The process that fails tries again.
  static func open(
    _ url: URL, migrator: DatabaseMigrator, busyTimeout: TimeInterval
  ) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(busyTimeout)
    let deadline = Date(timeIntervalSinceNow: busyTimeout)
    while true {
      do {
        let pool = try DatabasePool(path: url.path, configuration: configuration)
        guard try !pool.read(migrator.hasBeenSuperseded) else {
          throw RunLogError.newerVersion(file: url.relativePath)
        }
        try migrator.migrate(pool)
        // With GRDB's default, NORMAL, a power cut could lose the last transactions, but the
        // checkpoint folders that come after them are synced.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
      } catch let error as DatabaseError
        where [.SQLITE_BUSY, .SQLITE_ERROR, .SQLITE_CONSTRAINT].contains(error.resultCode)
        && Date() < deadline
      {
        Thread.sleep(forTimeInterval: 0.01)
      }
    }
  }

  /// Turns errors of `body` into errors about `file`.
  static func explaining<Value>(
    _ file: String, _ body: () throws -> Value
  ) throws(RunLogError) -> Value {
    do {
      return try body()
    } catch let error as RunLogError {
      throw error
    } catch let error as DatabaseError {
      throw RunLogError(error, file: file)
    } catch {
      throw .failed(file: file, reason: "\(error)")
    }
  }

  static func makeFolder(of url: URL) throws(RunLogError) {
    let folder = url.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotOpen(file: url.relativePath, reason: error.reason)
    }
  }
}

/// Identity of the file at a path. It detects a database that was deleted or replaced while it is
/// open: SQLite would continue to write to the deleted file.
struct FileIdentity: Equatable {
  private let device: Int?
  private let number: Int?

  init(of url: URL) throws {
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw RunLogError.replaced(file: url.relativePath)
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
    device = attributes[.systemNumber] as? Int
    number = attributes[.systemFileNumber] as? Int
  }
}
