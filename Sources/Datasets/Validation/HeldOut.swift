public import Files
import Foundation

/// The pictures of the subject that are kept from training, to see by their loss whether it goes on
/// learning the subject or has begun to learn its pictures by heart.
public enum HeldOut {
  /// Name of the folder in a dataset where they are looked for.
  package static let folderName = DatasetFolder.validationName

  /// The pictures in the folder that a configuration asks for, or that lies in the dataset; nil for
  /// none. Those without a caption have the subject's default one.
  ///
  /// Throws `ValidationError`, and what `Dataset.load` throws.
  package static func dataset(_ config: DatasetOptions, beside dataset: Dataset) throws -> Dataset?
  {
    guard config.validateEvery > 0 else { return nil }
    let folder =
      config.validationDataset.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? ownFolder(of: dataset)
    guard FileManager.default.fileExists(atPath: folder.path) else {
      guard let path = config.validationDataset else { return nil }
      throw ValidationError.noFolder(path)
    }
    do {
      return try .companion(directory: folder, caption: dataset.subject.defaultCaption)
    } catch DatasetError.empty(let path, unsupported: []) {
      throw ValidationError.empty(path)
    }
  }

  /// Folders with held-out pictures that are there, or are asked for, and that are not looked at.
  package static func unused(_ config: DatasetOptions, beside dataset: Dataset) -> [DatasetProblem]
  {
    let own = ownFolder(of: dataset)
    let hasOwn = FileManager.default.fileExists(atPath: own.path)
    let asked = config.validationDataset
    if config.validateEvery == 0 {
      guard let folder = asked ?? (hasOwn ? folderName : nil) else { return [] }
      return [DatasetProblem([folder], "not evaluated, since validate_every is 0")]
    }
    guard let asked, hasOwn,
      URL(filePath: asked).standardizedFileURL.path != own.standardizedFileURL.path
    else { return [] }
    return [DatasetProblem([folderName], "not read, since validation_dataset is another folder")]
  }

  /// The folder in a dataset where held-out pictures are looked for.
  static func ownFolder(of dataset: Dataset) -> URL {
    dataset.directory.appending(path: folderName, directoryHint: .isDirectory)
  }
}

/// Held-out pictures that are not there.
public enum ValidationError: ReportableError, Equatable {
  /// The folder that was asked for does not exist.
  case noFolder(String)
  /// The folder holds no picture.
  case empty(String)
  /// Nothing would be left to train on.
  case tooMany(Int, images: Int)

  /// What kind of fault it is.
  public var kind: ErrorKind {
    if case .tooMany = self { .usage } else { .missingInput }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noFolder(let path):
      "There is no folder \(path); give `validation_dataset` a folder with pictures that are kept "
        + "from training."
    case .empty(let path):
      "\(path) holds no .jpg or .png picture: put 2 to 5 of the subject there that are not trained "
        + "on, or set `validate_every: 0`."
    case .tooMany(let count, let images):
      "`validation_images` is \(count), and the pictures that there are to train on are \(images); give a "
        + "smaller number."
    }
  }
}
