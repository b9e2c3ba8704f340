import Foundation

/// The pictures of the subject that are kept from training, to see by their loss whether it goes on
/// learning the subject or has begun to learn its pictures by heart.
public enum HeldOut {
  /// Name of the folder in a dataset where they are looked for.
  public static let folderName = "held-out"

  /// The pictures that a configuration asks for, or that lie in the dataset; nil for none. Those
  /// without a caption have the subject's default one.
  ///
  /// Throws `ValidationError`, and what `Dataset.load` throws.
  static func dataset(_ config: TrainingConfig, beside dataset: Dataset) throws -> Dataset? {
    guard config.validateEvery > 0 else { return nil }
    let folder =
      config.validationDataset.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? dataset.directory.appending(path: folderName, directoryHint: .isDirectory)
    guard FileManager.default.fileExists(atPath: folder.path) else {
      guard let path = config.validationDataset else { return nil }
      throw ValidationError.noFolder(path)
    }
    return try .companion(directory: folder, caption: dataset.subject.defaultCaption)
  }

  /// Pictures that are trained on all the same, by their content.
  static func trainedOn(_ identity: RunIdentity, folder: String?) -> [DatasetProblem] {
    let trained = Set(identity.images.map(\.sha256))
    let both = (identity.heldOut ?? []).filter { trained.contains($0.sha256) }
    guard let folder, !both.isEmpty else { return [] }
    return [
      DatasetProblem(
        both.map { "\(folder)/\($0.file)" },
        "the same picture is trained on, so its loss does not tell of over-fitting")
    ]
  }
}

/// Held-out pictures that are not there.
public enum ValidationError: Error, Equatable, CustomStringConvertible {
  /// The folder that was asked for does not exist.
  case noFolder(String)

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noFolder(let path):
      "There is no folder \(path); give --validation-dataset a folder with pictures that are kept "
        + "from training."
    }
  }
}
