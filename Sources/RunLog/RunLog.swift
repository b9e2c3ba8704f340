import Failpoints
import Files
public import Foundation
package import GRDB
import Synchronization

/// The record of all runs under one root: runs, steps, checkpoints and samples in one SQLite file.
///
/// One process trains and writes, others read at the same time (SQLite's write-ahead log). The
/// database indexes the run folders and is not the only copy of anything: when it is lost or
/// behind, ``adopt(_:steps:checkpoints:samples:validation:)`` enters what the folders tell.
///
/// Every change is one transaction, synced to the disk before the method returns; only steps are
/// gathered first, see ``record(_:peakMemoryBytes:)``. Paths are relative to the folder that the
/// database lies in. Every method throws ``RunLogError``.
public final class RunLog: RunHistory {
  /// The database file.
  public let url: URL

  private let writer: any DatabaseWriter
  /// Which file it is; nil in memory.
  private let identity: FileIdentity?
  private let flushInterval: Duration
  private let buffer = Mutex(StepBuffer())

  /// Opens the database at `url`; makes it, and the folder it lies in, when they are not there.
  ///
  /// - Parameters:
  ///   - flushInterval: How often steps are written, at most.
  ///   - busyTimeout: Seconds to wait for another process that is writing.
  public init(
    at url: URL, flushInterval: Duration = .seconds(1), busyTimeout: TimeInterval = 5
  ) throws(RunLogError) {
    self.url = url
    self.flushInterval = flushInterval
    let file = url.relativePath
    (writer, identity) = try Self.explaining(file) {
      try Self.makeFolder(of: url)
      let pool = try Self.open(url, busyTimeout: busyTimeout)
      return (pool, try FileIdentity(of: url))
    }
  }

  /// The steps recorded but not yet written. When writing fails for good because the file is
  /// damaged or gone, they can be handed to ``adopt(_:steps:checkpoints:samples:validation:)`` of a
  /// new log.
  public var unwritten: [StepRecord] {
    buffer.withLock { $0.entries.map(\.step) }
  }

  /// A record in memory, empty at first and gone with this object. Its paths are relative to where
  /// `url` would lie.
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

  // MARK: - For the extensions that record and look up

  /// Reads from one unchanging snapshot of the database.
  package func read<Value>(_ body: (Database) throws -> Value) throws(RunLogError) -> Value {
    try Self.explaining(file) { try writer.read(body) }
  }

  /// Makes a change, and writes the steps gathered so far, in one transaction. When it fails, the
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

  /// Gathers a step; true when it is time to write.
  func gather(_ step: StepRecord, peakMemoryBytes: Int64?) -> Bool {
    buffer.withLock {
      $0.append(StepBuffer.Entry(step: step, peakMemoryBytes: peakMemoryBytes))
      return $0.isDue
    }
  }

  /// Drops gathered steps that a resumed run will do again.
  func forgetSteps(of run: Int64, after step: Int) {
    buffer.withLock { $0.removeSteps(of: run, after: step) }
  }

  /// Opens the file and brings its tables up to date.
  ///
  /// Processes that make the same new file at the same moment can trip over each other in ways
  /// that SQLite's busy timeout does not cover: one finds the file changed under a transaction it
  /// has begun, or a table made that it was about to make. The one that trips tries again.
  private static func open(_ url: URL, busyTimeout: TimeInterval) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(busyTimeout)
    let deadline = Date(timeIntervalSinceNow: busyTimeout)
    while true {
      do {
        let pool = try DatabasePool(path: url.path, configuration: configuration)
        guard try !pool.read(Schema.migrator.hasBeenSuperseded) else {
          throw RunLogError.newerVersion(file: url.relativePath)
        }
        try Schema.migrator.migrate(pool)
        // GRDB's NORMAL would let a power cut take the last transactions, while the checkpoint
        // folders that they lead up to are synced.
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

  /// Turns what SQLite throws into a sentence about `file`.
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

  private static func makeFolder(of url: URL) throws(RunLogError) {
    let folder = url.deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotOpen(file: url.relativePath, reason: error.reason)
    }
  }
}

/// Which file a path leads to. SQLite goes on writing to a file that has been deleted and is seen
/// by nobody any more; this tells.
private struct FileIdentity: Equatable {
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
