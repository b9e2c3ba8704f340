public import Foundation
public import Options

/// What is trained, as `subject.yaml` in the dataset folder describes it.
public struct Subject: Sendable, Equatable {
  /// Name of the dataset.
  public let name: String
  /// The word that stands for the subject in captions; nil: the name itself.
  public let trigger: String?
  /// What kind of thing the subject is: `man`, `dog`, `backpack`.
  public let classWord: String?
  /// Caption of the images that have none; nil: made of the words above.
  public let caption: String?
  /// How many class images prior preservation has; nil: not said.
  public let priorImages: Int?
  /// What they show, in turn; nil: made of `classWord`.
  public let classPrompts: [String]?
  /// How often an epoch has the folder's own pictures.
  public let repeats: Int
  /// Folders whose pictures are read too.
  public let folders: [SubjectFolder]
  /// What crops are to show of pictures that say nothing of their own.
  public let focus: FocusPoint?
  /// The same of some pictures by their names, before `focus`.
  public let focusByName: [String: FocusPoint]

  /// A subject that needs no file.
  public init(
    name: String, trigger: String? = nil, classWord: String? = nil, caption: String? = nil,
    priorImages: Int? = nil, classPrompts: [String]? = nil, repeats: Int = 1,
    folders: [SubjectFolder] = [], focus: FocusPoint? = nil, focusByName: [String: FocusPoint] = [:]
  ) {
    self.name = name
    self.trigger = trigger
    self.classWord = classWord
    self.caption = caption
    self.priorImages = priorImages
    self.classPrompts = classPrompts
    self.repeats = repeats
    self.folders = folders
    self.focus = focus
    self.focusByName = focusByName
  }

  /// Reads `subject.yaml` in a dataset folder, if it is there.
  ///
  /// - Throws: `ConfigError` when the file is broken or sets an option that does not exist.
  public init(name: String, directory: URL) throws(ConfigError) {
    let url = directory.appendingPathComponent(Self.fileName)
    guard FileManager.default.fileExists(atPath: url.path) else {
      self.init(name: name)
      return
    }
    let file = try SubjectFile(contentsOf: url)
    var focus: FocusPoint?
    var focusByName: [String: FocusPoint] = [:]
    switch file.focus {
    case .all(let point): focus = point
    case .byName(let points): focusByName = points
    case nil: break
    }
    self.init(
      name: name, trigger: file.trigger, classWord: file.classWord, caption: file.caption,
      priorImages: file.priorImages, classPrompts: file.classPrompts, repeats: file.repeats ?? 1,
      folders: file.folders ?? [], focus: focus, focusByName: focusByName)
  }

  /// Name of the file in the dataset folder.
  package static let fileName = "subject.yaml"

  /// How many class images there can be.
  package static let priorImagesRange = 0...10_000

  /// Whether these can be class prompts.
  package static func areClassPrompts(_ prompts: [String]) -> Bool {
    prompts.allSatisfy { !$0.allSatisfy(\.isWhitespace) }
  }

  /// What class prompts can be, for errors.
  package static let classPromptsAllowed = "a list of texts, none of them blank"

  /// The word that captions are expected to hold.
  public var token: String { trigger ?? name }

  /// Caption of the images that have none: `a photo of sks dog`.
  public var defaultCaption: String {
    caption ?? (["a photo of", token] + (classWord.map { [$0] } ?? [])).joined(separator: " ")
  }

  /// What class images show where nothing else is asked for: `a photo of a dog`; empty where the
  /// class is not known.
  public var defaultClassPrompts: [String] {
    if let classPrompts, !classPrompts.isEmpty { return classPrompts }
    guard let classWord, let first = classWord.lowercased().first else { return [] }
    return ["a photo of \("aeiou".contains(first) ? "an" : "a") \(classWord)"]
  }
}
