public import Files
import Foundation

/// The lock on a run folder, which keeps two processes from training one run. It is held until this
/// object or the process ends.
public final class RunLock {
  private let lock: FileLock

  /// Locks a run folder, which is created if needed, and removed again if it cannot be locked. Throws
  /// `RunLockError.busy`, `FileAccessError.unwritable`, `FileAccessError.noLocks`.
  public init(_ folder: RunFolder) throws {
    let isNew = !DurableFile.exists(folder.url)
    try DurableFile.makeFolder(folder.url)
    let file = Self.file(of: folder)
    do {
      guard let lock = try FileLock(file) else {
        throw RunLockError.busy(run: folder.url.relativePath, holder: FileLock.holder(of: file))
      }
      self.lock = lock
    } catch let error as FileAccessError {
      if isNew {
        unlink(file.path)
        rmdir(folder.url.path)
      }
      throw error
    }
  }

  /// Whether a process holds the lock of a run. Changes nothing and takes no lock. Throws
  /// `FileAccessError.unreadable`.
  public static func isHeld(_ folder: RunFolder) throws(FileAccessError) -> Bool {
    try FileLock.isHeld(file(of: folder))
  }

  /// Throws `RunLockError.busy` if a process holds the lock of a run, `FileAccessError.unreadable`.
  package static func checkFree(_ folder: RunFolder) throws {
    guard try isHeld(folder) else { return }
    throw RunLockError.busy(run: folder.url.relativePath, holder: holder(folder))
  }

  /// The process that took the lock of a run last, for messages.
  package static func holder(_ folder: RunFolder) -> String {
    FileLock.holder(of: file(of: folder))
  }

  /// The number of the process that took the lock of a run last; nil if it is not one of this machine.
  package static func ownHolder(_ folder: RunFolder) -> Int32? {
    FileLock.ownHolder(of: file(of: folder))
  }

  /// The lock file of a run, which names the process that took the lock last.
  static func file(of folder: RunFolder) -> URL { folder.url.appending(path: ".lock") }
}

/// The error for a run that is locked.
public enum RunLockError: ReportableError, Equatable {
  /// Another process trains it.
  case busy(run: String, holder: String)

  /// The kind of error.
  public var kind: ErrorKind { .busy }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .busy(let run, let holder):
      "\(run) is being trained by \(holder); wait for it, or stop it first."
    }
  }
}
