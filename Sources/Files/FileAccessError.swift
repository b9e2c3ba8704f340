package import Foundation

/// A file that cannot be read or written.
public enum FileAccessError: ReportableError, Equatable {
  /// Reading failed.
  case unreadable(file: String, reason: String)
  /// Writing failed.
  case unwritable(file: String, reason: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .unreadable: .inputOutput
    case .unwritable: .cannotWrite
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

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file) cannot be read (\(reason)); check that it exists and is readable."
    case .unwritable(let file, let reason):
      "\(file) cannot be written (\(reason)); free some space or choose another place."
    }
  }
}
