import Foundation
import GRDB

/// A database that is opened for reading only. Reading creates, changes and removes no file, so it also
/// works in a folder that is read-only.
///
/// In write-ahead mode SQLite writes files beside a database that it only reads: the log `-wal` and
/// its index `-shm`. Three ways avoid this:
/// - No log: no process has the database open. SQLite opens it as immutable. If it changed
///   meanwhile, it is read again.
/// - A log and its index, of a process that is alive or has died: SQLite maps the index read-only.
/// - A log without its index, as in a copy of the folder: a temporary copy is read.
///
/// Tables of an older version are migrated in memory.
struct ReadOnlyDatabase: Sendable {
  /// Seconds to wait while another process opens, closes or changes the database.
  private static let patience: TimeInterval = 5

  /// The database file.
  let url: URL
  private let migrator: DatabaseMigrator
  private var file: String { url.relativePath }

  /// Opens the database at `url`; nil if there is none. Throws `RunLogError` if it cannot be read.
  init?(at url: URL, migrator: DatabaseMigrator) throws(RunLogError) {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    self.url = url
    self.migrator = migrator
    try read { _ in }
  }

  /// Reads from one snapshot of the database.
  func read<Value>(_ body: (Database) throws -> Value) throws(RunLogError) -> Value {
    try RunLog.explaining(file) {
      let deadline = Date(timeIntervalSinceNow: Self.patience)
      while true {
        let before = try Files(of: url)
        let result = Result { try read(before, body) }
        // With a log, SQLite itself reads from one snapshot.
        let isChanged = try Files(of: url) != before
        if before.isShared ? !isInterrupted(result) : !isChanged { return try result.get() }
        guard Date() < deadline else {
          _ = try result.get()
          throw RunLogError.locked(file: file)
        }
        Thread.sleep(forTimeInterval: 0.01)
      }
    }
  }

  private func read<Value>(
    _ files: Files, _ body: (Database) throws -> Value
  ) throws -> Value {
    if files.isShared { return try open("mode=ro&readonly_shm=1").read(body) }
    if files.log == nil { return try open("immutable=1").read(body) }
    return try readCopy(body)
  }

  /// Whether reading failed because another process opened or closed the database.
  private func isInterrupted<Value>(_ result: Result<Value, any Error>) -> Bool {
    guard case .failure(let error as DatabaseError) = result else { return false }
    return [.SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_BUSY].contains(error.resultCode)
  }

  /// Opens the database with SQLite's URI parameters.
  private func open(_ parameters: String) throws -> DatabaseQueue {
    let path = url.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? url.path
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(Self.patience)
    return try current(
      DatabaseQueue(path: "file:\(path)?\(parameters)", configuration: configuration))
  }

  /// The database if its tables are current, else a migrated copy in memory. Throws
  /// `RunLogError.newerVersion`.
  private func current(_ database: DatabaseQueue) throws -> DatabaseQueue {
    let (isNewer, isCurrent) = try database.read { db in
      // A transaction begins its snapshot with the first statement that reads. One that fails for want
      // of a table does not, so a table that another process creates meanwhile would be an error.
      _ = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_schema")
      return (try migrator.hasBeenSuperseded(db), try migrator.hasCompletedMigrations(db))
    }
    guard !isNewer else { throw RunLogError.newerVersion(file: file) }
    if isCurrent { return database }
    let copy = try DatabaseQueue()
    try database.backup(to: copy)
    try migrator.migrate(copy)
    return copy
  }

  /// Reads from a temporary copy of the database and its log.
  private func readCopy<Value>(_ body: (Database) throws -> Value) throws -> Value {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appending(path: "runs-\(UUID().uuidString)")
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
      do {
        try files.removeItem(at: folder)
      } catch {
        // The system cleans its temporary folder.
      }
    }
    let copy = folder.appending(path: "runs.sqlite")
    try files.copyItem(at: url, to: copy)
    try files.copyItem(atPath: url.path + "-wal", toPath: copy.path + "-wal")
    return try current(DatabaseQueue(path: copy.path)).read(body)
  }
}

/// The files of a database at one moment.
private struct Files: Equatable {
  private let database: FileVersion
  /// The write-ahead log; nil if no process has the database open.
  let log: FileVersion?
  private let hasIndex: Bool

  /// Whether a process has the database open, or has died with it open.
  var isShared: Bool { log != nil && hasIndex }

  init(of url: URL) throws {
    guard let database = try FileVersion(ofItemAtPath: url.path) else {
      throw RunLogError.replaced(file: url.relativePath)
    }
    self.database = database
    log = try FileVersion(ofItemAtPath: url.path + "-wal")
    hasIndex = FileManager.default.fileExists(atPath: url.path + "-shm")
  }
}

/// Attributes that change whenever a file's content changes.
private struct FileVersion: Equatable {
  private let number: Int?
  private let size: Int?
  private let modified: Date?

  /// nil if the file does not exist.
  init?(ofItemAtPath path: String) throws {
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      number = attributes[.systemFileNumber] as? Int
      size = attributes[.size] as? Int
      modified = attributes[.modificationDate] as? Date
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
      return nil
    }
  }
}
