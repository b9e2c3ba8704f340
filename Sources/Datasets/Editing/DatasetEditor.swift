package import Files
package import Foundation
import Options
import Synchronization

/// Changes the files of one dataset folder.
///
/// Images have the names of `DatasetImage.name`. Each change reads the folder first and finds the image
/// by its name, so that no other path leads to a file. A file is written whole or not at all. Changes
/// of one process wait for each other.
package struct DatasetEditor: Sendable {
  /// The dataset folder.
  package let directory: URL
  /// The subject's name.
  package let subject: String
  /// Whether images without a caption have an empty one.
  package let emptyCaptions: Bool

  private static let changes = Mutex(())

  /// An editor of the folder of a subject, usually `Datasets/<subject>`.
  package init(directory: URL, subject: String, emptyCaptions: Bool = false) {
    self.directory = directory
    self.subject = subject
    self.emptyCaptions = emptyCaptions
  }

  /// The images, sorted by the bytes of their names: those that are used, those that `subject.yaml`
  /// excludes, and those that cannot be used. None for a folder without images.
  ///
  /// Throws what `Dataset.survey` throws for other folders.
  package func images() throws -> [EditableImage] {
    try DatasetFolder.check(directory, ofSubject: subject)
    let all = try Subject(name: subject, directory: directory)
    let survey: DatasetSurvey
    do {
      survey = try Dataset.survey(
        directory: directory, of: all.includingAll(), emptyCaptions: emptyCaptions)
    } catch DatasetError.empty {
      return []
    }
    let root = Self.place(of: directory)
    let usable = Dictionary(
      (survey.dataset?.images ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let stems = Dictionary(grouping: survey.imageFiles) { name, files in
      name.dropLast(files.image.count) + files.image.fileStem
    }
    return stems.values.flatMap { alike in
      alike.map { name, files in
        let folder = Self.place(of: files.folder)
        return EditableImage(
          name: name, isExcluded: all.excluded.contains(name),
          isInside: folder == root || folder.hasPrefix("\(root)/"), image: usable[name],
          files: files, namesakes: alike.map(\.key).filter { $0 != name }.sorted())
      }
    }.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// The image of a name.
  ///
  /// Throws `ImageNameError.unknown`, and what ``images()`` throws.
  package func image(_ name: String) throws -> EditableImage {
    try image(name, among: images())
  }

  /// The image of a name, whose files can be changed.
  ///
  /// Throws `ImageNameError`, and what ``images()`` throws.
  func changeable(_ name: String) throws -> EditableImage {
    try changeable(name, among: images())
  }

  /// The image of a name, whose files can be changed. Throws `ImageNameError`.
  func changeable(
    _ name: String, among images: [EditableImage]
  ) throws(ImageNameError) -> EditableImage {
    let image = try image(name, among: images)
    guard image.isInside else { throw .outside(image.name, dataset: directory.relativePath) }
    return image
  }

  private func image(
    _ name: String, among images: [EditableImage]
  ) throws(ImageNameError) -> EditableImage {
    guard let image = images.first(where: { $0.name == name }) else {
      throw .unknown(
        name, dataset: directory.relativePath,
        nearest: nearestName(to: name, in: images.map(\.name)))
    }
    return image
  }

  /// Makes a change after those that have begun before.
  func changing<Result: Sendable>(_ change: () throws -> Result) throws -> Result {
    try Self.changes.withLock { _ in try change() }
  }

  /// The path of a folder without links.
  static func place(of folder: URL) -> String {
    folder.standardizedFileURL.resolvingSymlinksInPath().path
  }
}

/// An image that cannot be found or changed.
package enum ImageNameError: ReportableError, Equatable {
  /// The dataset has no image of the name; `nearest` is the most similar one.
  case unknown(String, dataset: String, nearest: String?)
  /// The image is in a folder outside the dataset folder.
  case outside(String, dataset: String)
  /// Other images have the same name before the extension, and so the same file.
  case shared(String, file: String, others: [String])
  /// The name is that of a mask, so that the image can have no mask of its own.
  case namedAsMask(String)
  /// Something else has the name of a file that is to be written.
  case taken(String)
  /// The image, its caption or its mask cannot be used.
  case unusable(String)

  /// The kind of error.
  package var kind: ErrorKind {
    switch self {
    case .unknown: .missingInput
    case .outside, .shared, .namedAsMask, .taken: .usage
    case .unusable: .badData
    }
  }

  /// One sentence: what was found and what to do.
  package var description: String {
    switch self {
    case .unknown(let name, let dataset, let nearest):
      "\(dataset) has no image \"\(name.excerpt().showingControls)\""
        + (nearest.map { "; did you mean \"\($0)\"?" } ?? "; give the name of one of its images.")
    case .outside(let name, let dataset):
      "\(name) is in a folder outside \(dataset), where nothing is changed; change it there, or copy "
        + "it into the dataset."
    case .shared(let name, let file, let others):
      "\(name) and \(listing(others)) would share \(file), since only their extensions differ; rename "
        + "one of them."
    case .namedAsMask(let name):
      "\(name) can have no mask, since its own name is that of a mask; rename it."
    case .taken(let path):
      "\(path) exists and belongs to no image; rename or remove it."
    case .unusable(let name):
      "\(name) cannot be used, or its caption or its mask cannot; correct that first."
    }
  }
}
