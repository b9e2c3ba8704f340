import Files
public import Foundation
import Images

/// A file of a dataset that cannot be used.
public struct UnusableFile: Sendable, CustomStringConvertible {
  /// Its path in the dataset folder.
  public let name: String
  /// The reason, in one sentence that names the file.
  public let error: any Error

  /// Shell commands that fix it, in the order to run them; may be empty.
  public var commands: [String] {
    switch error {
    case let error as DatasetError: error.commands
    case let error as ImageError: error.commands
    default: []
    }
  }

  /// The error's sentence, on one line.
  public var description: String { "\(error)".showingControls }
}

/// What can be read of a dataset folder, and what cannot.
public struct DatasetSurvey: Sendable {
  /// The dataset of the images that can be read; nil: there are none.
  public let dataset: Dataset?
  /// The files that cannot be used, sorted by the bytes of their names. Images whose caption or
  /// mask is among them are not part of `dataset`.
  public let unusable: [UnusableFile]
  /// The role of every file in the folder and in the folders that are read, sorted by the bytes of
  /// their paths. A folder that is not read stands for all that it contains.
  public let files: [DatasetFile]
  /// The files of each image that is not excluded, by the images' names.
  let imageFiles: [String: ImageFiles]

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
  ///   - emptyCaptions: Whether images without a caption have an empty one, not the default one.
  /// - Throws: `DatasetError` for a folder that cannot be read or has no image, `ConfigError` for a
  ///   broken `subject.yaml`.
  public static func survey(
    directory: URL, subject: String, emptyCaptions: Bool = false
  ) throws -> DatasetSurvey {
    try DatasetFolder.check(directory, ofSubject: subject)
    return try survey(
      directory: directory, of: Subject(name: subject, directory: directory),
      emptyCaptions: emptyCaptions)
  }

  /// Reads the folder of a subject. Throws as ``survey(directory:subject:emptyCaptions:)``.
  static func survey(
    directory: URL, of subject: Subject, emptyCaptions: Bool
  ) throws -> DatasetSurvey {
    let own = try DatasetFolder(
      directory, imageFolders: Set(subject.folders.map { $0.path.firstPathPart }))
    let folders = try ImageFolders(own: own, subject: subject)
    var reader = DatasetReader(subject: subject, emptyCaptions: emptyCaptions)
    for folder in folders.all { reader.read(folder) }
    if reader.names.isEmpty, folders.unusable.isEmpty {
      let inside = try own.foldersWithImages
      if !inside.isEmpty {
        throw DatasetError.imagesInside(directory.relativePath, folders: inside)
      }
    }
    return try reader.survey(of: directory, problems: folders.problems, unusable: folders.unusable)
  }

  /// Reads a dataset folder: the captions and the images' headers, not yet their pixels.
  ///
  /// - Parameters:
  ///   - directory: The folder, usually `Datasets/<subject>`.
  ///   - subject: The subject's name.
  ///   - emptyCaptions: Whether images without a caption have an empty one, not the default one.
  /// - Throws: `DatasetError` for what makes training impossible, `ImageError` for an image whose
  ///   header cannot be read, `ConfigError` for a broken `subject.yaml`.
  public static func load(
    directory: URL, subject: String, emptyCaptions: Bool = false
  ) throws -> Dataset {
    try survey(directory: directory, subject: subject, emptyCaptions: emptyCaptions)
      .whole(directory)
  }

  /// Reads a folder of images that are used beside the subject's own: class images and validation
  /// images. Their captions need not name the subject, and their problems name the folder.
  ///
  /// - Parameters:
  ///   - caption: Caption of images without one.
  ///   - limit: The most images to read, the first by name.
  ///   - emptyCaptions: Whether images without a caption have an empty one.
  /// - Throws: as ``load(directory:subject:emptyCaptions:)``.
  package static func companion(
    directory: URL, caption: String, limit: Int = .max, emptyCaptions: Bool = false
  ) throws -> Dataset {
    try companionSurvey(
      directory: directory, caption: caption, limit: limit, emptyCaptions: emptyCaptions
    ).whole(directory)
  }

  /// What can be read of a folder of images that are used beside the subject's own.
  static func companionSurvey(
    directory: URL, caption: String, limit: Int = .max, emptyCaptions: Bool = false
  ) throws -> DatasetSurvey {
    let name = directory.lastPathComponent
    try DatasetFolder.check(directory, ofSubject: name)
    let files = try DatasetFolder(directory)
    var reader = DatasetReader(
      subject: Subject(name: name, caption: caption), isCompanion: true,
      emptyCaptions: emptyCaptions)
    reader.read(ImageFolder(name: nil, files: files), limit: limit)
    let unread = DatasetProblem(files.folders, "folders inside are not read")
    return try reader.survey(of: directory, problems: [unread])
  }
}

extension DatasetFolder {
  /// Throws `DatasetError` if the folder of a subject does not exist, `FileAccessError` if it is a link
  /// to something that does not exist.
  static func check(_ url: URL, ofSubject subject: String) throws {
    guard let isFolder = isFolder(url) else {
      if let error = FileAccessError.danglingLink(url) { throw error }
      let parent = url.standardizedFileURL.deletingLastPathComponent()
      throw DatasetError.noSuchSubject(
        subject, path: url.relativePath,
        existing: isFolder(parent) == true ? try folders(in: parent) : [])
    }
    guard isFolder else { throw DatasetError.notAFolder(url.relativePath) }
  }

  /// The folders inside that contain images, or kohya's folders with images.
  fileprivate var foldersWithImages: [String] {
    get throws(DatasetError) {
      var found: [String] = []
      for name in folders {
        let inside = try DatasetFolder(url.appending(path: name, directoryHint: .isDirectory))
        if !inside.images.isEmpty || inside.folders.contains(where: { KohyaFolder($0) != nil }) {
          found.append(name)
        }
      }
      return found
    }
  }
}

extension ImageError {
  /// The command that converts an image whose codec this build lacks, if the new name is free.
  fileprivate var commands: [String] {
    guard case .notBuiltIn = problem, let file else { return [] }
    let url = URL(filePath: file).deletingPathExtension().appendingPathExtension("png")
    guard !FileManager.default.fileExists(atPath: url.path) else { return [] }
    return [
      "\(ShellCommand.convert(file, to: url.relativePath)) && \(ShellCommand.remove(file))"
    ]
  }
}

extension String {
  /// What precedes the first slash.
  fileprivate var firstPathPart: String {
    split(separator: "/").first { $0 != "." }.map(String.init) ?? self
  }
}
