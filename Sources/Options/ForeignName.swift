/// The name of an option in another program, which has another name here or no counterpart.
public struct ForeignName: Sendable, Equatable {
  /// The name and what it is here: ``network_dim of sd-scripts is `rank` here``. Options are named by
  /// their keys in backticks.
  public let answer: String

  /// An option with a counterpart: `` `rank` ``, or more words after "here", as in
  /// `` `keep_last` here, a number of checkpoints ``.
  package init(_ name: String, of program: String, is counterpart: String) {
    let words = counterpart.contains(" here, ") ? counterpart : "\(counterpart) here"
    answer = "\(name) of \(program) is \(words)"
  }

  /// An option without a counterpart, and why.
  package init(_ name: String, of program: String, hasNone reason: String) {
    answer = "\(name) of \(program) has no counterpart (\(reason))"
  }

  /// An option that is not needed, and why.
  package init(_ name: String, of program: String, isNotNeeded reason: String) {
    answer = "\(name) of \(program) is not needed (\(reason))"
  }

  /// An option of another file of this program.
  package init(_ name: String, belongsIn file: String) {
    answer = "\(name) belongs in \(file)"
  }
}

extension ForeignName {
  /// The keys of the options that the answer names.
  package var keys: [String] {
    answer.matches(of: /`([a-z][a-z0-9_]*)(?:: [^`]+)?`/).map { String($0.1) }
  }
}

/// A name in snake_case: `lr_scheduler` for `lr-scheduler` and `lr.scheduler`.
package func foreignKey(_ name: String) -> String {
  name.lowercased().replacing("-", with: "_").replacing(".", with: "_")
}
