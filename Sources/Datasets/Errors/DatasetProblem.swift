import Files

/// Something about a dataset that the user should know before training starts.
public struct DatasetProblem: Sendable, Equatable, CustomStringConvertible {
  /// The files it is about, in the dataset folder; empty: the dataset as a whole.
  public let files: [String]
  /// What was found and what training does about it.
  public let text: String
  /// Shell commands that fix it, in the order to run them, with paths relative to the current
  /// folder; may be empty.
  public let commands: [String]

  package init(_ files: [String], _ text: String, commands: [String] = []) {
    self.files = files
    self.text = text
    self.commands = commands
  }

  /// The same problem, with its files in a folder of this name.
  package func below(_ folder: String) -> DatasetProblem {
    DatasetProblem(files.map { "\(folder)/\($0)" }, text, commands: commands)
  }

  /// `00.jpg, 01.jpg: no caption ...`
  public var description: String { files.isEmpty ? text : "\(listing(files)): \(text)" }
}
