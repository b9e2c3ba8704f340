public import Files
import Foundation
import GRDB

/// An error of the database of runs.
public enum RunLogError: ReportableError, Equatable {
  /// The database file or its folder cannot be created or opened.
  case cannotOpen(file: String, reason: String)
  /// Another process kept the database locked for longer than the busy timeout.
  case locked(file: String)
  case notADatabase(file: String)
  case damaged(file: String, reason: String)
  /// A later version of the program has changed the database's tables.
  case newerVersion(file: String)
  /// The file was deleted or replaced while it was open.
  case replaced(file: String)
  /// The file system has no file locks or no shared memory, which SQLite needs.
  case unsupportedFileSystem(file: String, lacks: String)
  /// The file or its folder is read-only.
  case readOnly(file: String)
  /// The disk is full or failing.
  case cannotWrite(file: String, reason: String)
  case noSuchRun(id: Int64, file: String, existing: [Int64])
  /// A run in the database or on the disk has the highest possible number.
  case noFreeID(file: String, highest: Int64)
  /// A quantity to record is infinite or not a number.
  case notFinite(run: Int64, step: Int, quantity: String, value: Double)
  /// The recorded configuration of a run is not a JSON object.
  case badConfig(run: Int64, file: String, reason: String)
  /// Any other error of SQLite or GRDB.
  case failed(file: String, reason: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .cannotOpen, .readOnly, .cannotWrite, .unsupportedFileSystem, .noFreeID: .cannotWrite
    case .locked: .busy
    case .notADatabase, .damaged, .newerVersion, .badConfig: .badData
    case .noSuchRun: .missingInput
    case .replaced: .inputOutput
    case .notFinite, .failed: .internal
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .cannotOpen(let file, let reason):
      "\(file) cannot be opened (\(reason)): check that its folder exists and is writable, or choose "
        + "another `root`."
    case .locked(let file):
      "\(file) is locked by another process: close the program that has it open, and try again."
    case .notADatabase(let file):
      "\(file) is not an SQLite database: move it away, and a new one is created."
    case .damaged(let file, let reason):
      "\(file) is damaged (\(reason)): move it away, and a new one is created."
    case .newerVersion(let file):
      "\(file) was written by a newer version of lora-train: update lora-train, or choose "
        + "another `root`."
    case .replaced(let file):
      "\(file) was deleted or replaced while it was in use: put it back, or start again to create "
        + "a new one."
    case .unsupportedFileSystem(let file, let lacks):
      "\(file) is on a file system without \(lacks), which the database needs: choose a folder on "
        + "another file system with `root`."
    case .readOnly(let file):
      "\(file) or its folder is read-only: change the permissions, or choose another `root`."
    case .cannotWrite(let file, let reason):
      "\(file) cannot be written (\(reason)): free some space, or check the disk."
    case .noSuchRun(let id, let file, let existing):
      "There is no run \(id) in \(file): \(Self.choice(of: existing))."
    case .noFreeID(let file, let highest):
      "No run can be added to \(file), because run \(highest) has the highest possible number: "
        + "move that run's folder away, or choose another `root`."
    case .notFinite(let run, let step, let quantity, let value):
      "The \(quantity) of step \(step) of run \(run) is \(value) and cannot be recorded: it must "
        + "be a finite number."
    case .badConfig(let run, let file, let reason):
      "The configuration of run \(run) in \(file) is not a JSON object (\(reason)): correct that "
        + "run's column config."
    case .failed(let file, let reason):
      "\(file) could not be used (\(reason)): check the file with lora-train doctor."
    }
  }

  /// The existing runs in words, at most the ten latest.
  private static func choice(of existing: [Int64]) -> String {
    let latest = existing.sorted().suffix(10).map(String.init)
    switch latest.count {
    case 0: return "no run is recorded there; train one first"
    case 1: return "the only one is run \(latest[0])"
    default:
      let few = existing.count == latest.count ? "choose one of" : "the latest are"
      return "\(few) \(latest.joined(separator: ", "))"
    }
  }

  /// SQLite's error on the database `file`.
  init(_ error: DatabaseError, file: String) {
    let reason = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    switch error.extendedResultCode {
    case .SQLITE_IOERR_LOCK, .SQLITE_IOERR_RDLOCK, .SQLITE_IOERR_UNLOCK,
      .SQLITE_IOERR_CHECKRESERVEDLOCK:
      self = .unsupportedFileSystem(file: file, lacks: "file locks")
      return
    case .SQLITE_IOERR_SHMOPEN, .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_SHMLOCK,
      .SQLITE_IOERR_SHMMAP:
      self = .unsupportedFileSystem(file: file, lacks: "shared memory")
      return
    default: break
    }
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked(file: file)
    case .SQLITE_NOTADB: self = .notADatabase(file: file)
    case .SQLITE_CORRUPT: self = .damaged(file: file, reason: reason)
    case .SQLITE_CANTOPEN: self = .cannotOpen(file: file, reason: reason)
    case .SQLITE_READONLY, .SQLITE_PERM: self = .readOnly(file: file)
    case .SQLITE_FULL, .SQLITE_IOERR:
      self = .cannotWrite(file: file, reason: reason)
    default: self = .failed(file: file, reason: reason)
    }
  }
}
