public import Files

/// A cache that cannot be used or cleared.
public enum CacheError: ReportableError, Equatable {
  /// An entry is not what was written.
  case damaged(file: String, problem: String)
  /// A run is being prepared, and what it needs is not known yet.
  case preparing(run: String)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    if case .preparing = self { .busy } else { .badData }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .damaged(let file, let problem):
      "\(file) is damaged: \(problem); it is computed again when it is needed."
    case .preparing(let run):
      "The caches cannot be cleared while \(run) is being prepared; try again once it trains, or "
        + "stop it."
    }
  }
}
