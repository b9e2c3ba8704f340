/// A file that cannot be read or written.
public enum FileAccessError: Error, Equatable, CustomStringConvertible {
  /// Reading failed.
  case unreadable(file: String, reason: String)
  /// Writing failed.
  case unwritable(file: String, reason: String)

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file) cannot be read (\(reason)); check that it is there and readable."
    case .unwritable(let file, let reason):
      "\(file) cannot be written (\(reason)); free some space or choose another place."
    }
  }
}
