import Files
public import Foundation
import Options

/// The subject of a training, described by `subject.yaml` in the dataset folder.
public struct Subject: Sendable, Equatable {
  /// Name of the dataset.
  public let name: String
  /// The word for the subject in captions; nil: the name itself.
  public let trigger: String?
  /// The class of the subject: `man`, `dog`, `backpack`.
  public let classWord: String?
  /// Caption of images without one; nil: made of the words above.
  public let caption: String?
  /// Number of class images for prior preservation; nil: not set.
  public let priorImages: Int?
  /// Prompts of the class images, used in turn; nil: made of `classWord`.
  public let classPrompts: [String]?
  /// How often an epoch repeats the images of the dataset folder itself.
  public let repeats: Int
  /// Folders whose images are read too.
  public let folders: [SubjectFolder]
  /// The focus point of images without their own.
  public let focus: FocusPoint?
  /// Focus points of single images by name. They come before `focus`.
  public let focusByName: [String: FocusPoint]
  /// The names of images that are not used.
  public private(set) var excluded: Set<String>

  /// A subject without a file.
  public init(
    name: String, trigger: String? = nil, classWord: String? = nil, caption: String? = nil,
    priorImages: Int? = nil, classPrompts: [String]? = nil, repeats: Int = 1,
    folders: [SubjectFolder] = [], focus: FocusPoint? = nil,
    focusByName: [String: FocusPoint] = [:],
    excluded: Set<String> = []
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
    self.excluded = excluded
  }

  /// Reads `subject.yaml` in a dataset folder, if it exists.
  ///
  /// - Throws: `ConfigError` when the file is broken or sets an option that does not exist,
  ///   `FileAccessError` for a link to something that does not exist.
  public init(name: String, directory: URL) throws {
    let url = directory.appendingPathComponent(Self.fileName)
    switch FolderListing.Kind(url.path) {
    case .file, .folder: break
    case .brokenLink:
      if let error = FileAccessError.danglingLink(url) { throw error }
      self.init(name: name)
      return
    case .other:
      throw ConfigError.unreadableFile(
        url.relativePath, reason: "it is not a regular file; replace it with one")
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
      folders: file.folders ?? [], focus: focus, focusByName: focusByName,
      excluded: Set(file.exclude ?? []))
  }

  /// The same subject without excluded images.
  func includingAll() -> Subject {
    var subject = self
    subject.excluded = []
    return subject
  }

  package static let fileName = "subject.yaml"

  /// Allowed numbers of class images.
  package static let priorImagesRange = 0...10_000

  /// Whether class prompts are allowed: none of them may be blank.
  package static func areClassPrompts(_ prompts: [String]) -> Bool {
    prompts.allSatisfy { !$0.allSatisfy(\.isWhitespace) }
  }

  /// The allowed class prompts, for errors.
  package static let classPromptsAllowed = "a list of texts, none of them blank"

  /// The word that captions should contain.
  public var token: String { trigger ?? name }

  /// Caption of images without one: `a photo of sks dog`.
  public var defaultCaption: String {
    caption ?? (["a photo of", token] + (classWord.map { [$0] } ?? [])).joined(separator: " ")
  }

  /// The class prompts if the options set none: `a photo of a dog`; empty if the class is not
  /// known.
  public var defaultClassPrompts: [String] {
    if let classPrompts, !classPrompts.isEmpty { return classPrompts }
    guard let classWord, let first = classWord.lowercased().first else { return [] }
    return ["a photo of \("aeiou".contains(first) ? "an" : "a") \(classWord)"]
  }
}
