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

  /// A subject that needs no file.
  public init(
    name: String, trigger: String? = nil, classWord: String? = nil, caption: String? = nil
  ) {
    self.name = name
    self.trigger = trigger
    self.classWord = classWord
    self.caption = caption
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
    let file = try ConfigFile(contentsOf: url, keys: keys).decode(SubjectFile.self)
    self.init(
      name: name, trigger: file.trigger, classWord: file.classWord, caption: file.caption)
  }

  /// Name of the file in the dataset folder.
  static let fileName = "subject.yaml"

  /// The word that captions are expected to hold.
  public var token: String { trigger ?? name }

  /// Caption of the images that have none: `a photo of sks dog`.
  public var defaultCaption: String {
    caption ?? (["a photo of", token] + (classWord.map { [$0] } ?? [])).joined(separator: " ")
  }
}

private struct SubjectFile: Decodable {
  var trigger: String?
  var classWord: String?
  var caption: String?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case trigger
    case classWord = "class_word"
    case caption
  }
}
