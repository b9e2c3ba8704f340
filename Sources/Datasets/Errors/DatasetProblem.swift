import Files

/// Something about a dataset that the user should know before training starts.
public struct DatasetProblem: Sendable, Equatable, CustomStringConvertible {
  /// The files it is about, in the dataset folder; empty: the dataset as a whole.
  public let files: [String]
  /// What was found and what happens with it.
  public let text: String
  /// Shell commands that mend it, one after another, with paths as seen from the current folder;
  /// empty: there are none.
  public let commands: [String]

  package init(_ files: [String], _ text: String, commands: [String] = []) {
    self.files = files
    self.text = text
    self.commands = commands
  }

  /// The same of files in a folder of that name.
  package func below(_ folder: String) -> DatasetProblem {
    DatasetProblem(files.map { "\(folder)/\($0)" }, text, commands: commands)
  }

  /// `00.jpg, 01.jpg: no caption ...`
  public var description: String { files.isEmpty ? text : "\(listing(files)): \(text)" }
}
