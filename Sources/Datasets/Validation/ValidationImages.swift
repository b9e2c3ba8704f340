public import Files
import Foundation

/// Images of the subject that are not trained on. Their loss shows whether training still learns
/// the subject or over-fits.
public enum ValidationImages {
  /// Name of the folder of validation images in a dataset.
  package static let folderName = DatasetFolder.validationNames[0]

  /// The problem of a validation image that is also a training image.
  package static let trainedOn =
    "the same image is trained on, so its loss does not show over-fitting"

  /// The images in the folder that the configuration sets, or in the dataset's own; nil: there is
  /// none. Images without a caption have the subject's default one.
  ///
  /// Throws `ValidationError`, and what `Dataset.load` throws.
  package static func dataset(_ config: DatasetOptions, beside dataset: Dataset) throws -> Dataset?
  {
    guard let folder = try folder(config, beside: dataset) else { return nil }
    return try survey(folder, config, beside: dataset).whole(folder)
  }

  /// What can be read in a folder of validation images. Throws `ValidationError`, and what
  /// `Dataset.survey` throws.
  static func survey(
    _ folder: URL, _ config: DatasetOptions, beside dataset: Dataset
  ) throws -> DatasetSurvey {
    do {
      return try Dataset.companionSurvey(
        directory: folder, caption: dataset.subject.defaultCaption,
        emptyCaptions: config.emptyCaptions)
    } catch DatasetError.empty(let path, unsupported: [], masks: []) {
      throw ValidationError.empty(path)
    }
  }

  /// The folder of validation images; nil: none is used. Throws `ValidationError.noFolder`,
  /// `FileAccessError` for a link to something that does not exist.
  static func folder(
    _ config: DatasetOptions, beside dataset: Dataset
  ) throws -> URL? {
    guard config.validateEvery > 0 else { return nil }
    let folder =
      config.validationDataset.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? ownFolder(of: dataset)
    guard FileManager.default.fileExists(atPath: folder.path) else {
      guard let path = config.validationDataset else { return nil }
      if let error = FileAccessError.danglingLink(folder) { throw error }
      throw ValidationError.noFolder(path)
    }
    return folder
  }

  /// Notes on folders of validation images that exist or are set, and are not used.
  package static func unused(_ config: DatasetOptions, beside dataset: Dataset) -> [DatasetProblem]
  {
    let present = ownFolders(of: dataset).filter { FileManager.default.fileExists(atPath: $0.path) }
    let chosen = config.validationDataset
    let used = chosen.map { URL(filePath: $0) } ?? ownFolder(of: dataset)
    let others = present.filter { $0.standardizedFileURL.path != used.standardizedFileURL.path }
    if config.validateEvery == 0 {
      let folders =
        chosen.map { [$0] + others.map(\.lastPathComponent) }
        ?? present.map(\.lastPathComponent)
      return [DatasetProblem(folders, "not evaluated, since validate_every is 0")]
        .filter { !$0.files.isEmpty }
    }
    let reason =
      chosen == nil ? "\(folderName) exists too" : "validation_dataset is another folder"
    return others.map { DatasetProblem([$0.lastPathComponent], "not read, since \(reason)") }
  }

  /// The folder of validation images in a dataset, whether it exists or not.
  static func ownFolder(of dataset: Dataset) -> URL {
    let folders = ownFolders(of: dataset)
    return folders.first { FileManager.default.fileExists(atPath: $0.path) } ?? folders[0]
  }

  /// The folders of the present name and of the former one.
  private static func ownFolders(of dataset: Dataset) -> [URL] {
    DatasetFolder.validationNames.map {
      dataset.directory.appending(path: $0, directoryHint: .isDirectory)
    }
  }
}

/// Validation images that cannot be used.
public enum ValidationError: ReportableError, Equatable {
  /// The folder in the configuration does not exist.
  case noFolder(String)
  /// The folder contains no image.
  case empty(String)
  /// Nothing would be left to train on.
  case tooMany(Int, images: Int)

  /// The kind of error.
  public var kind: ErrorKind {
    switch self {
    case .tooMany: .usage
    case .noFolder, .empty: .missingInput
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noFolder(let path):
      "There is no folder \(path); give `validation_dataset` a folder with validation images."
    case .empty(let path):
      "\(path) contains no image; put 2 to 5 images of the subject there that are not "
        + "trained on, or set `validate_every: 0`."
    case .tooMany(let count, let images):
      "`validation_images` is \(count), but the dataset has only \(images) images; give a smaller "
        + "number."
    }
  }
}
