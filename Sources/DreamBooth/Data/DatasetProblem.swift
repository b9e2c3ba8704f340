import Foundation
public import StableDiffusion

/// Something about a dataset that the user should know before training starts.
public struct DatasetProblem: Sendable, Equatable, CustomStringConvertible {
  /// The files it is about, in the dataset folder; empty: the dataset as a whole.
  public let files: [String]
  /// What was found and what happens with it.
  public let text: String
  /// Shell commands that mend it, one after another, with paths as seen from the current folder;
  /// empty: there are none.
  public let commands: [String]

  init(_ files: [String], _ text: String, commands: [String] = []) {
    self.files = files
    self.text = text
    self.commands = commands
  }

  /// A text of more tokens than are read, as many as fit into one chunk where nothing else is said;
  /// nil for one that is not.
  static func truncation(
    of what: String, _ text: String, _ files: [String], by tokenizer: CLIPTokenizer,
    maxTokens: Int? = nil
  ) -> DatasetProblem? {
    let limit = maxTokens ?? tokenizer.chunkLength
    return tokenizer.encode(text, maxTokens: limit).truncatedText.map { rest in
      DatasetProblem(
        files, "\(what) is longer than \(limit) tokens, \"\(rest.excerpt())\" is cut off")
    }
  }

  /// Pictures in a folder of that name that the subject's own are too, by their content.
  static func trainedOn(
    _ images: [RunIdentity.Image]?, in folder: String?, _ subject: [RunIdentity.Image],
    _ text: String
  ) -> [DatasetProblem] {
    let trained = Set(subject.map(\.sha256))
    let both = (images ?? []).filter { trained.contains($0.sha256) }.map(\.file)
    guard let folder, !both.isEmpty else { return [] }
    return [DatasetProblem(both, text).below(folder)]
  }

  /// The same of files in a folder of that name.
  func below(_ folder: String) -> DatasetProblem {
    DatasetProblem(files.map { "\(folder)/\($0)" }, text, commands: commands)
  }

  /// `00.jpg, 01.jpg: no caption ...`
  public var description: String { files.isEmpty ? text : "\(listing(files)): \(text)" }
}
