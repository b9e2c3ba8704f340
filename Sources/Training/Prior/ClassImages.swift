public import Datasets
import Foundation

/// The class images of prior preservation (Ruiz et al. 2023, section 3.3): pictures of other things
/// of the subject's kind, trained beside the subject's so that the model does not forget them.
public enum ClassImages: Sendable, Equatable {
  /// Pictures in a folder of the user's.
  case found(Dataset)
  /// Pictures to draw with the base model; image i shows prompt i mod count.
  case drawn(count: Int, prompts: [String])

  /// What a configuration and `subject.yaml` ask for; nil for no prior preservation.
  ///
  /// Throws `PriorError`, and for a folder what `Dataset.load` throws.
  init?(_ config: TrainingConfig, dataset: Dataset) throws {
    let subject = dataset.subject
    let count = config.priorImages ?? subject.priorImages
    guard count != 0 else { return nil }
    let prompts = config.classPrompts.isEmpty ? subject.defaultClassPrompts : config.classPrompts
    let subjectFile = dataset.directory.appending(path: Subject.fileName).relativePath
    if let path = config.priorFolder {
      let images = try Self.pictures(in: path, count: count, caption: prompts.first ?? "")
      if let bare = images.images.first(where: { $0.caption.isEmpty }) {
        throw PriorError.noClassPrompt(
          picture: bare.url.relativePath, subjectFile: subjectFile)
      }
      self = .found(images)
    } else if let count {
      guard !prompts.isEmpty else {
        throw PriorError.noClassPrompt(picture: nil, subjectFile: subjectFile)
      }
      self = .drawn(count: count, prompts: prompts)
    } else {
      return nil
    }
  }

  /// How many there are.
  var count: Int {
    switch self {
    case .found(let dataset): dataset.images.count
    case .drawn(let count, _): count
    }
  }

  /// The name of the folder that they are found in.
  var folderName: String? {
    if case .found(let dataset) = self { dataset.directory.lastPathComponent } else { nil }
  }

  /// The first `count` pictures of a folder by name, or with nil all of them. They are not filled up by
  /// drawing: what is trained on would then depend on two sources.
  private static func pictures(in path: String, count: Int?, caption: String) throws -> Dataset {
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    guard FileManager.default.fileExists(atPath: folder.path) else {
      throw PriorError.noFolder(path)
    }
    do {
      let dataset = try Dataset.companion(
        directory: folder, caption: caption, limit: count ?? .max)
      let found = dataset.images.count
      if let count, found < count {
        throw PriorError.tooFew(folder: path, found: found, asked: count)
      }
      return dataset
    } catch DatasetError.empty(_, unsupported: []) {
      throw PriorError.tooFew(folder: path, found: 0, asked: count ?? 1)
    }
  }
}
