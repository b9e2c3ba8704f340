import Foundation

/// What an object of JSON or a row of a table gives an image: captions, a focus point, and the
/// image's name.
struct CaptionFields {
  /// Why an object cannot be read.
  struct Problem: Error {
    let text: String
    /// What to do.
    let remedy: String
  }

  /// Keys of the image's name; the first that is present is used.
  static let fileKeys = ["file_name", "filename", "file", "image", "image_path", "path"]
  /// Keys of the caption; the first that has a text is used.
  static let captionKeys = [
    "text", "caption", "prompt", "captions", "prompts", "description", "tags", "positive_prompt",
  ]

  /// The name of the image; nil: there is none.
  private(set) var file: String?
  /// The captions; may be empty.
  private(set) var captions: [String] = []
  /// The point around which the image is cropped.
  private(set) var focus: FocusPoint?
  /// Keys that are not read.
  private(set) var unread: [String] = []

  private var usedKeys: Set<String> = []

  /// Whether there is a caption, which may be empty.
  var hasCaption: Bool { !usedKeys.isDisjoint(with: Self.captionKeys) }

  /// Reads the values of an object. Of keys that differ only in case, one is read: with a value
  /// rather than without, and in lower case rather than not.
  ///
  /// - Parameter addsTags: Whether `tags` follow a caption, as in sd-scripts' JSON. Else only one key
  ///   is read.
  init(_ object: [String: Any], addsTags: Bool = false) throws(Problem) {
    func rank(_ key: String) -> Int {
      (Self.isEmpty(object[key]) ? 2 : 0) + (key == key.lowercased() ? 0 : 1)
    }
    let keys = object.keys.sorted { (rank($0), $0) < (rank($1), $1) }
    let chosen = Dictionary(
      keys.map { ($0.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    let values = chosen.compactMapValues { object[$0] }
    for key in Self.fileKeys where file == nil {
      if let name = values[key] as? String, !name.isEmpty {
        file = name
        usedKeys.insert(key)
      }
    }
    try readCaptions(values, addsTags: addsTags)
    if let value = values["focus"] {
      usedKeys.insert("focus")
      focus = try Self.focus(value)
    }
    unread = object.keys.filter { key in
      let lower = key.lowercased()
      let isUsed = usedKeys.contains(lower) && chosen[lower] == key
      return !isUsed && !Self.isEmpty(object[key])
    }.sorted()
  }

  private mutating func readCaptions(_ values: [String: Any], addsTags: Bool) throws(Problem) {
    for key in Self.captionKeys where captions.isEmpty {
      guard let value = values[key], !(value is NSNull) else { continue }
      guard let texts = Self.texts(value, areTags: key == "tags") else {
        guard Self.captionKeys.prefix(3).contains(key) else { continue }
        throw Problem(
          text: "has a \"\(key)\" that is neither a text nor a list of texts",
          remedy: "write it as a text in quotation marks")
      }
      usedKeys.insert(key)
      captions = texts
    }
    guard addsTags, !captions.isEmpty, !usedKeys.contains("tags"), let value = values["tags"],
      let tags = Self.texts(value, areTags: true)
    else { return }
    usedKeys.insert("tags")
    if let tags = tags.first { captions = captions.map { "\($0), \(tags)" } }
  }

  /// A text or a list of texts, trimmed and each on one line; a list of tags is one text. nil: the
  /// value is something else.
  private static func texts(_ value: Any, areTags: Bool) -> [String]? {
    guard let texts = value as? [String] ?? (value as? String).map({ [$0] }) else { return nil }
    let lines = texts.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    return areTags && !lines.isEmpty ? [lines.joined(separator: ", ")] : lines
  }

  /// Two numbers, in a list or in a text; nil: there are none.
  private static func focus(_ value: Any) throws(Problem) -> FocusPoint? {
    if isEmpty(value) { return nil }
    let shares: [Double?] =
      if let text = value as? String {
        text.split { " ,[]".contains($0) }.map { Double($0) }
      } else {
        (value as? [Any] ?? []).map { ($0 as? NSNumber)?.doubleValue }
      }
    let numbers = shares.compactMap { $0 }
    guard numbers.count == shares.count, let point = FocusPoint(numbers) else {
      throw Problem(
        text: "has a \"focus\" that is not two numbers from 0 to 1, such as [0.5, 0.3]",
        remedy: "correct or remove it")
    }
    return point
  }

  private static func isEmpty(_ value: Any?) -> Bool {
    value is NSNull || (value as? String)?.isEmpty == true
  }
}

extension DatasetError {
  /// A line of a file with captions of several images that cannot be used.
  static func brokenLine(
    _ path: String, _ line: Int, _ problem: CaptionFields.Problem
  ) -> DatasetError {
    .brokenMetadata(path, line: line, problem: problem.text, remedy: problem.remedy)
  }
}
