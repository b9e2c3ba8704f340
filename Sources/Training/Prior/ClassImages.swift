public import Datasets
import Foundation

/// The class images of prior preservation (Ruiz et al. 2023, section 3.3): images of other things
/// of the subject's class. They are trained together with the subject's images, so that the model
/// does not forget the class.
public enum ClassImages: Sendable, Equatable {
  /// Images in a folder of the user.
  case found(Dataset)
  /// Images to draw with the base model; image `i` has prompt `i % prompts.count`.
  case drawn(count: Int, prompts: [String])

  /// The class images of a configuration and `subject.yaml`; nil without prior preservation.
  ///
  /// Throws `PriorError`, and the errors of `Dataset.load` for a folder.
  init?(_ config: TrainingConfig, dataset: Dataset) throws {
    let subject = dataset.subject
    let count = config.priorImages ?? subject.priorImages
    guard count != 0 else { return nil }
    let prompts = config.classPrompts.isEmpty ? subject.defaultClassPrompts : config.classPrompts
    let subjectFile = dataset.directory.appending(path: Subject.fileName).relativePath
    if let path = config.priorFolder {
      let found = try Self.images(in: path, count: count, caption: prompts.first ?? "")
      if let bare = found.images.first(where: { $0.caption.isEmpty }) {
        throw PriorError.noClassPrompt(
          image: bare.url.relativePath, subjectFile: subjectFile)
      }
      self = .found(found)
    } else if let count {
      guard !prompts.isEmpty else {
        throw PriorError.noClassPrompt(image: nil, subjectFile: subjectFile)
      }
      self = .drawn(count: count, prompts: prompts)
    } else {
      return nil
    }
  }

  /// The number of class images.
  var count: Int {
    switch self {
    case .found(let dataset): dataset.images.count
    case .drawn(let count, _): count
    }
  }

  /// Name of the folder with class images; nil for drawn ones.
  var folderName: String? {
    if case .found(let dataset) = self { dataset.directory.lastPathComponent } else { nil }
  }

  /// The first `count` images of a folder by name, or all for nil. Missing ones are not drawn,
  /// because the class images would then come from two sources.
  private static func images(in path: String, count: Int?, caption: String) throws -> Dataset {
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw PriorError.noFolder(path)
    }
    do {
      let dataset = try Dataset.companion(
        directory: folder, caption: caption, limit: count ?? .max)
      let found = dataset.images.count
      if let count, found < count {
        throw PriorError.tooFew(folder: path, found: found, requested: count)
      }
      return dataset
    } catch DatasetError.empty(_, unsupported: [], masks: []) {
      throw PriorError.tooFew(folder: path, found: 0, requested: count ?? 1)
    }
  }
}
