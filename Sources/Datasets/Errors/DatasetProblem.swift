import Files

/// Something about a dataset that the user should know before training starts.
public struct DatasetProblem: Sendable, Equatable, CustomStringConvertible {
  /// The files it is about, in the dataset folder; empty: the dataset as a whole.
  public let files: [String]
  /// What was found in each of the files, such as `90 %`; empty: nothing that differs.
  public let details: [String]
  /// What was found and what training does about it.
  public let text: String
  /// Shell commands that fix it, in the order to run them, with paths relative to the current
  /// folder; may be empty.
  public let commands: [String]

  package init(
    _ files: [String], details: [String] = [], _ text: String, commands: [String] = []
  ) {
    self.files = files
    self.details = details
    self.text = text
    self.commands = commands
  }

  /// The note that an option changes nothing.
  ///
  /// - Parameters:
  ///   - key: The option's key.
  ///   - reason: A clause that follows "since".
  package static func withoutEffect(_ key: String, _ reason: String) -> DatasetProblem {
    DatasetProblem([], "`\(key)` has no effect, since \(reason)")
  }

  /// The same problem, with its files in a folder of this name.
  package func below(_ folder: String) -> DatasetProblem {
    DatasetProblem(
      files.map { "\(folder)/\($0)" }, details: details, text, commands: commands)
  }

  /// `00.jpg, 01.jpg: no caption ...`, with at most ten files.
  public var description: String { description(files: 10) }

  /// The problems for a console: without most of those of single files if there are many, and with
  /// the place of the full list if it is longer.
  package static func shortened(_ problems: [DatasetProblem], of subject: String)
    -> [DatasetProblem]
  {
    var singles = 0
    let shown = problems.filter { problem in
      singles += problem.files.count == 1 ? 1 : 0
      return problem.files.count != 1 || singles <= 20
    }
    let left = problems.count - shown.count
    guard left > 0 || shown.contains(where: { $0.files.count > 10 }) else { return problems }
    return shown + [
      DatasetProblem(
        [],
        (left > 0 ? "\(left) more problems of single files; " : "")
          + "lora-train dataset \(subject) lists all files and problems")
    ]
  }

  /// The problem on one line, with the names of its first files, and the number of the others.
  public func description(files limit: Int) -> String {
    guard !files.isEmpty else { return text.showingControls }
    let names = details.isEmpty ? files : zip(files, details).map { "\($0) (\($1))" }
    return "\(listing(names, limit: limit)): \(text)".showingControls
  }
}
