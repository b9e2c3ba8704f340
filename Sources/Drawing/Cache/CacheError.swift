public import Files

/// A cache that cannot be read or cleared.
public enum CacheError: ReportableError, Equatable {
  /// The content of an entry is not what was written.
  case damaged(file: String, problem: String)
  /// A run is being prepared. The entries that it needs are not known yet.
  case preparing(run: String)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .damaged: .badData
    case .preparing: .busy
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .damaged(let file, let problem):
      "\(file) is damaged: \(problem); it is computed again when it is needed."
    case .preparing(let run):
      "The caches cannot be cleared while \(run) is being prepared; try again when it trains, or "
        + "stop it."
    }
  }
}
