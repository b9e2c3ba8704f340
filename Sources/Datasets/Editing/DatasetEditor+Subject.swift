import Files
import Foundation
import Options

/// The subject, as `subject.yaml` describes it. nil: not set.
package struct SubjectSettings: Sendable, Equatable {
  /// The word that stands for the subject.
  package var trigger: String?
  /// What kind of thing the subject is.
  package var classWord: String?
  /// The caption of images without one.
  package var caption: String?
  /// How often an epoch contains the folder's own images.
  package var repeats: Int?
  /// The number of class images.
  package var priorImages: Int?
  /// The prompts of the class images.
  package var classPrompts: [String]?

  /// Settings, by default none.
  package init(
    trigger: String? = nil, classWord: String? = nil, caption: String? = nil, repeats: Int? = nil,
    priorImages: Int? = nil, classPrompts: [String]? = nil
  ) {
    self.trigger = trigger
    self.classWord = classWord
    self.caption = caption
    self.repeats = repeats
    self.priorImages = priorImages
    self.classPrompts = classPrompts
  }
}

extension SubjectSettings {
  fileprivate init(_ file: SubjectFile) {
    self.init(
      trigger: file.trigger, classWord: file.classWord, caption: file.caption,
      repeats: file.repeats, priorImages: file.priorImages, classPrompts: file.classPrompts)
  }
}

extension DatasetEditor {
  /// The settings in `subject.yaml`. Throws `ConfigError` for a broken file, `FileAccessError`.
  package func settings() throws -> SubjectSettings {
    SubjectSettings(try subjectText().values)
  }

  /// Sets all settings in `subject.yaml`, which is made if there is none. Only lines of settings that
  /// differ change. A setting of nil or blank text is removed.
  ///
  /// Throws `ConfigError` for a broken file or a value that is not allowed, `SubjectEditError`,
  /// `FileAccessError`. Then nothing is written.
  package func setSettings(_ settings: SubjectSettings) throws {
    try changeSettings { $0 = settings }
  }

  /// Changes settings as they are when no other change of this process is being made. Throws as
  /// ``setSettings(_:)``.
  package func changeSettings(_ change: (inout SubjectSettings) -> Void) throws {
    try changing {
      var text = try subjectText()
      var settings = SubjectSettings(text.values)
      change(&settings)
      func set<Value: OptionValue>(
        _ key: SubjectFile.CodingKeys, _ path: WritableKeyPath<SubjectFile, Value?>, _ value: Value?
      ) throws {
        guard text.values[keyPath: path] != value else { return }
        var wanted = text.values
        wanted[keyPath: path] = value
        text = try text.setting(key, to: value?.yaml, expecting: wanted)
      }
      try set(.trigger, \.trigger, Self.line(settings.trigger, .trigger))
      try set(.classWord, \.classWord, Self.line(settings.classWord, .classWord))
      try set(.caption, \.caption, Self.line(settings.caption, .caption))
      try set(.repeats, \.repeats, settings.repeats)
      try set(.priorImages, \.priorImages, settings.priorImages)
      try set(
        .classPrompts, \.classPrompts,
        settings.classPrompts?.map { try Self.line($0, .classPrompts) ?? "" })
      try write(text)
    }
  }

  /// Excludes an image from the dataset, or includes it again, in the list `exclude` of `subject.yaml`,
  /// which is made if there is none. The image itself does not change, so it may be outside the dataset
  /// folder. An image of the list that no longer exists can be included, too.
  ///
  /// Throws `ImageNameError.unknown`, `SubjectEditError`, `FileAccessError`, and what ``images()``
  /// throws.
  package func setExcluded(_ isExcluded: Bool, _ name: String) throws {
    try changing {
      let isListed = try subjectText().values.exclude?.contains(name) == true
      let name = isListed ? name : try image(name).name
      try write(excluding(isExcluded, name))
    }
  }

  /// The text of `subject.yaml` with an image excluded or not. Throws as ``setExcluded(_:_:)``.
  func excluding(_ isExcluded: Bool, _ name: String) throws -> SubjectText {
    let text = try subjectText()
    let images = text.values.exclude ?? []
    guard images.contains(name) != isExcluded else { return text }
    return try text.excluding(isExcluded ? images + [name] : images.filter { $0 != name })
  }

  /// Writes `subject.yaml` if its text differs. Throws `FileAccessError`.
  func write(_ text: SubjectText) throws {
    let data = Data(text.text.utf8)
    guard try self.text() != text.text else { return }
    try DurableFile.replace(subjectFile, with: data)
  }

  private var subjectFile: URL {
    directory.appending(path: Subject.fileName, directoryHint: .notDirectory)
  }

  private func subjectText() throws -> SubjectText {
    // Refuses what is no file, as reading the dataset does.
    _ = try Subject(name: subject, directory: directory)
    return try SubjectText(text(), name: subjectFile.relativePath)
  }

  private func text() throws(FileAccessError) -> String {
    guard DurableFile.exists(subjectFile) else { return "" }
    do {
      return String(decoding: try Data(contentsOf: subjectFile), as: UTF8.self)
    } catch {
      throw .unreadable(file: subjectFile.relativePath, reason: error.reason)
    }
  }

  /// A text without white space at its ends; nil: a blank one. Throws `SubjectEditError.lineBreak`.
  private static func line(
    _ text: String?, _ key: SubjectFile.CodingKeys
  ) throws(SubjectEditError) -> String? {
    let line = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    guard !line.isEmpty else { return nil }
    let isOneLine = line.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
    guard isOneLine else { throw .lineBreak(key: key.rawValue) }
    return line
  }
}
