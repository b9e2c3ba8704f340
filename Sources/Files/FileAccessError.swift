package import Foundation

/// A file that cannot be read or written.
public enum FileAccessError: ReportableError, Equatable {
  /// Reading failed.
  case unreadable(file: String, reason: String)
  /// Writing failed.
  case unwritable(file: String, reason: String)
  /// The file cannot be locked, because its file system has no locks.
  case noLocks(file: String)
  /// A link to something that does not exist.
  case linkTarget(file: String, target: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .unreadable: .inputOutput
    case .unwritable, .noLocks: .cannotWrite
    case .linkTarget: .missingInput
    }
  }

  /// Reading a file failed. Call this right after the failed call, since every other call may
  /// change `errno`.
  package init(reading url: URL, code: Int32 = errno) {
    self = .unreadable(file: url.relativePath, reason: systemReason(code))
  }

  /// Writing a file failed. Call this right after the failed call, since every other call may
  /// change `errno`.
  package init(writing url: URL, code: Int32 = errno) {
    self = .unwritable(file: url.relativePath, reason: systemReason(code))
  }

  /// The error for a link to something that does not exist, such as a disk that is not mounted; nil for
  /// anything else.
  package static func danglingLink(_ url: URL) -> FileAccessError? {
    guard access(url.path, F_OK) != 0 else { return nil }
    do {
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: url.path)
      return .linkTarget(file: url.relativePath, target: target)
    } catch {
      return nil
    }
  }

  /// What to do about the system's reason for a failed write.
  private static func remedy(_ reason: String) -> String {
    switch reason {
    case systemReason(EACCES), systemReason(EPERM): "change its permissions"
    case systemReason(EROFS): "mount its file system for writing"
    case systemReason(ENAMETOOLONG): "choose a shorter name"
    case systemReason(ENOENT), systemReason(ENOTDIR), systemReason(EISDIR): "check the path"
    case systemReason(ENOSPC), systemReason(EDQUOT): "free some space"
    default: "check the disk"
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file) cannot be read (\(reason)); check that it exists and is readable."
    case .unwritable(let file, let reason):
      "\(file) cannot be written (\(reason)); \(Self.remedy(reason)) or choose another place."
    case .noLocks(let file):
      "\(file) is on a file system without file locks, which keep two processes from changing the same "
        + "files; choose a folder on another file system with `root`."
    case .linkTarget(let file, let target):
      "\(file) is a link to \(target), which does not exist; mount its disk, or correct the link."
    }
  }
}
