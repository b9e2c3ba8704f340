/// A cache that cannot be used or cleared.
public enum CacheError: Error, Equatable, CustomStringConvertible {
  /// An entry is not what was written.
  case damaged(file: String, problem: String)
  /// A run is being prepared, and what it needs is not known yet.
  case preparing(run: String)

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
