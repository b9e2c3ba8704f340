public import Foundation

/// A file of a dataset that cannot be used.
public struct UnusableFile: Sendable, CustomStringConvertible {
  /// Its path in the dataset folder.
  public let name: String
  /// The reason, in one sentence that names the file.
  public let error: any Error

  /// Shell commands that fix it, in the order to run them; may be empty.
  public var commands: [String] { (error as? DatasetError)?.commands ?? [] }

  /// The error's sentence.
  public var description: String { "\(error)" }
}

/// What can be read of a dataset folder, and what cannot.
public struct DatasetSurvey: Sendable {
  /// The dataset of the images that can be read; nil: there are none.
  public let dataset: Dataset?
  /// The files that cannot be used, sorted by the bytes of their names. Images whose caption or
  /// mask is among them are not part of `dataset`.
  public let unusable: [UnusableFile]

  /// The dataset, if all of its files can be used.
  ///
  /// - Throws: the only unusable file's own error, or `DatasetError.unusable` for several.
  func whole(_ directory: URL) throws -> Dataset {
    if unusable.count == 1 { throw unusable[0].error }
    guard let dataset, unusable.isEmpty else {
      throw DatasetError.unusable(directory.relativePath, reasons: unusable.map(\.description))
    }
    return dataset
  }
}

extension Dataset {
  /// Reads a dataset folder, and collects the files that cannot be used.
  ///
  /// - Parameters:
  ///   - directory: The folder, usually `Datasets/<subject>`.
  ///   - subject: The subject's name.
  /// - Throws: `DatasetError` for a folder that cannot be read or has no image, `ConfigError` for a
  ///   broken `subject.yaml`.
  public static func survey(directory: URL, subject: String) throws -> DatasetSurvey {
    let own = try DatasetFolder(directory, ofSubject: subject)
    let subject = try Subject(name: subject, directory: directory)
    let folders = try ImageFolders(own: own, subject: subject)
    var reader = DatasetReader(subject: subject)
    for folder in folders.all { reader.read(folder) }
    return try reader.survey(of: directory, problems: folders.problems, unusable: folders.unusable)
  }

  /// Reads a dataset folder: the captions and the images' headers, not yet their pixels.
  ///
  /// - Parameters:
  ///   - directory: The folder, usually `Datasets/<subject>`.
  ///   - subject: The subject's name.
  /// - Throws: `DatasetError` for what makes training impossible, `ImageError` for an image whose
  ///   header cannot be read, `ConfigError` for a broken `subject.yaml`.
  public static func load(directory: URL, subject: String) throws -> Dataset {
    try survey(directory: directory, subject: subject).whole(directory)
  }

  /// Reads a folder of images that are used beside the subject's own: class images and validation
  /// images. Their captions need not name the subject, and their problems name the folder.
  ///
  /// - Parameters:
  ///   - caption: Caption of images without one.
  ///   - limit: The most images to read, the first by name.
  /// - Throws: as ``load(directory:subject:)``.
  package static func companion(directory: URL, caption: String, limit: Int = .max) throws
    -> Dataset
  {
    let name = directory.lastPathComponent
    let files = try DatasetFolder(directory, ofSubject: name)
    var reader = DatasetReader(subject: Subject(name: name, caption: caption))
    reader.read(ImageFolder(name: nil, files: files), limit: limit)
    let unread = DatasetProblem(files.folders, "folders inside are not read")
    return try reader.survey(of: directory, problems: [unread], isCompanion: true)
      .whole(directory)
  }
}

extension DatasetFolder {
  /// Lists the folder of a subject. Throws `DatasetError` if it does not exist.
  fileprivate init(_ url: URL, ofSubject subject: String) throws(DatasetError) {
    guard let isFolder = Self.isFolder(url) else {
      let parent = url.standardizedFileURL.deletingLastPathComponent()
      let siblings = Self.isFolder(parent) == true ? try Self.names(in: parent) : []
      throw .noSuchSubject(
        subject, path: url.relativePath,
        existing: siblings.filter { Self.isFolder(parent.appendingPathComponent($0)) == true })
    }
    guard isFolder else { throw .notAFolder(url.relativePath) }
    try self.init(url)
  }
}
