public import Foundation
import Images

/// One image of a dataset and what it is trained with.
public struct DatasetImage: Sendable, Equatable {
  /// The file.
  public let url: URL
  /// Width in pixels after EXIF orientation.
  public let width: Int
  /// Height in pixels after EXIF orientation.
  public let height: Int
  /// The caption, from its file or the subject's default.
  public let caption: String

  /// The file's name, which is unique in the dataset.
  public var name: String { url.lastPathComponent }
}

/// The pictures of a subject, their captions, and what is odd about them.
public struct Dataset: Sendable, Equatable {
  /// The folder.
  public let directory: URL
  /// What is trained.
  public let subject: Subject
  /// The images, sorted by the bytes of their names.
  public let images: [DatasetImage]
  /// What the user should know before training starts.
  public let problems: [DatasetProblem]
  /// Whether these pictures stand beside the subject's own, and are named with their folder.
  let isCompanion: Bool

  /// Reads a dataset folder: the captions and the images' headers, not yet their pixels.
  ///
  /// - Parameters:
  ///   - directory: The folder, usually `Datasets/<subject>`.
  ///   - subject: The subject's name.
  /// - Throws: `DatasetError` for what makes training impossible, `ImageError` for an image whose
  ///   header cannot be read, `ConfigError` for a broken `subject.yaml`.
  public static func load(directory: URL, subject: String) throws -> Dataset {
    let folder = try DatasetFolder(directory, subject: subject)
    return try Dataset(folder: folder, subject: Subject(name: subject, directory: directory))
  }

  /// Reads a folder of pictures that stand beside the subject's own, as class images and held-out
  /// pictures do; it need not name the subject, and what is odd about it is said with the folder's
  /// name.
  ///
  /// - Parameters:
  ///   - caption: of the pictures that have none.
  ///   - limit: how many to take, the first by name.
  /// - Throws: as ``load(directory:subject:)``.
  static func companion(directory: URL, caption: String, limit: Int = .max) throws -> Dataset {
    let name = directory.lastPathComponent
    return try Dataset(
      folder: DatasetFolder(directory, subject: name),
      subject: Subject(name: name, caption: caption), companionLimit: limit)
  }

  /// - Parameter companionLimit: how many pictures to take; nil for the subject's own, all of them.
  private init(folder: DatasetFolder, subject: Subject, companionLimit: Int? = nil) throws {
    var images: [DatasetImage] = []
    var uncaptioned: [String] = []
    var severalLines: [String] = []
    var misnamed: [String] = []
    var hasText = false
    for name in folder.images.prefix(companionLimit ?? .max) {
      let url = folder.url.appendingPathComponent(name)
      let header = try ImageDecoder.header(contentsOf: url)
      if (header.format == .png) != name.lowercased().hasSuffix(".png") { misnamed.append(name) }
      let text = folder.texts[name.pathStem].map(folder.url.appendingPathComponent)
      hasText = hasText || text != nil
      let lines = try text.map(CaptionFile.lines) ?? []
      if lines.isEmpty { uncaptioned.append(name) }
      if lines.count > 1 { severalLines.append(name) }
      images.append(
        DatasetImage(
          url: url, width: header.orientedSize.width, height: header.orientedSize.height,
          caption: lines.first ?? subject.defaultCaption))
    }
    guard hasText || folder.foreignCaptions.isEmpty else {
      throw DatasetError.captionsNotRead(folder.url.relativePath, files: folder.foreignCaptions)
    }

    directory = folder.url
    self.subject = subject
    self.images = images
    let stems = Set(folder.images.map(\.pathStem))
    let found =
      [
        DatasetProblem(
          uncaptioned,
          "no caption in a .txt file of the same name, \"\(subject.defaultCaption)\" is used"),
        DatasetProblem(severalLines, "several lines in the caption, only the first is read"),
        DatasetProblem(misnamed, "the content is of the other format than the extension says"),
        DatasetProblem(
          folder.texts.filter { !stems.contains($0.key) }.values.sorted(),
          "no image of the same name, not read"),
        DatasetProblem(folder.foreignCaptions, "captions are only read from .txt files, not read"),
        DatasetProblem(folder.unsupportedImages, "only JPEG and PNG are read, left out"),
        DatasetProblem(
          folder.folders.filter { companionLimit != nil || $0 != HeldOut.folderName },
          "folders inside a dataset are not read"),
        DatasetProblem(
          Array(folder.images.dropFirst(images.count)),
          "more than the \(images.count) that are asked for, not read"),
      ].filter { !$0.files.isEmpty }
    isCompanion = companionLimit != nil
    let duplicates = try Self.duplicates(in: images)
    problems =
      isCompanion
      ? (found + duplicates).map { $0.below(subject.name) }
      : found + Self.missingToken(of: subject, in: images) + duplicates
  }
}
