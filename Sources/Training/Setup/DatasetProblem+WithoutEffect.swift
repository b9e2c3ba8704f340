import Datasets

extension DatasetProblem {
  /// The note that an option changes nothing.
  ///
  /// - Parameters:
  ///   - key: The option's key.
  ///   - reason: A clause that follows "since".
  static func withoutEffect(_ key: String, _ reason: String) -> DatasetProblem {
    DatasetProblem([], "`\(key)` has no effect, since \(reason)")
  }
}
