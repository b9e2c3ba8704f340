public import Foundation

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

  /// A subject that needs no file.
  public init(
    name: String, trigger: String? = nil, classWord: String? = nil, caption: String? = nil,
    priorImages: Int? = nil, classPrompts: [String]? = nil
  ) {
    self.name = name
    self.trigger = trigger
    self.classWord = classWord
    self.caption = caption
    self.priorImages = priorImages
    self.classPrompts = classPrompts
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
    let keys = SubjectFile.CodingKeys.allCases.map(\.rawValue)
    let yaml = try ConfigFile(contentsOf: url, keys: keys)
    let file = try yaml.decode(SubjectFile.self)
    if let count = file.priorImages, !TrainingConfig.priorImagesRange.contains(count) {
      let key = SubjectFile.CodingKeys.priorImages.rawValue
      throw .invalidValue(
        key: key, origin: .file(yaml.name, line: yaml.lines[key]), found: "\(count)",
        allowed: wholeNumber(in: TrainingConfig.priorImagesRange))
    }
    if let prompts = file.classPrompts, !Self.areClassPrompts(prompts) {
      let key = SubjectFile.CodingKeys.classPrompts.rawValue
      throw .invalidValue(
        key: key, origin: .file(yaml.name, line: yaml.lines[key]), found: "\(prompts)",
        allowed: Self.classPromptsAllowed)
    }
    self.init(
      name: name, trigger: file.trigger, classWord: file.classWord, caption: file.caption,
      priorImages: file.priorImages, classPrompts: file.classPrompts)
  }

  /// Name of the file in the dataset folder.
  static let fileName = "subject.yaml"

  /// Whether these can be class prompts.
  static func areClassPrompts(_ prompts: [String]) -> Bool {
    prompts.allSatisfy { !$0.allSatisfy(\.isWhitespace) }
  }

  /// What class prompts can be, for errors.
  static let classPromptsAllowed = "a list of texts, none of them blank"

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

private struct SubjectFile: Decodable {
  var trigger: String?
  var classWord: String?
  var caption: String?
  var priorImages: Int?
  var classPrompts: [String]?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case trigger
    case classWord = "class_word"
    case caption
    case priorImages = "prior_images"
    case classPrompts = "class_prompts"
  }
}
