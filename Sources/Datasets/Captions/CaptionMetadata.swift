import Files
import Foundation

/// Captions of several images in one file: `metadata.jsonl` and `metadata.csv` in the format of
/// Hugging Face's `imagefolder`, and JSON such as sd-scripts' `meta_cap.json`.
struct CaptionMetadata {
  /// What the file gives one image.
  struct Entry: Equatable {
    /// The name of the image as the file has it.
    let file: String
    /// The number of the line, from 1; nil in JSON.
    let line: Int?
    /// The captions of the image; may be empty.
    let captions: [String]
    /// The point around which the image is cropped.
    let focus: FocusPoint?
  }

  static let fileName = "metadata.jsonl"
  /// The names of files with the captions of several images, the ones that override others first.
  static let fileNames = [fileName, "metadata.csv"]

  /// The entries by the paths of their images.
  private(set) var entries: [String: Entry] = [:]
  /// Whether it is a list of OneTrainer's concepts, which has no captions.
  private(set) var isConceptList = false
  /// Keys that are not read.
  private(set) var unreadKeys: Set<String> = []
  /// The numbers of the values of a list that give no image a caption, from 1.
  private(set) var unreadValues: [Int] = []
  /// The error of the first line that cannot be read.
  private(set) var error: DatasetError?

  private let url: URL
  private let images: ImageNames

  /// Reads the valid entries of a file. Throws `DatasetError` for a file that cannot be read as
  /// text.
  ///
  /// - Parameter images: The images in the file's folder.
  init(contentsOf url: URL, images: ImageNames) throws(DatasetError) {
    self.url = url
    self.images = images
    let text = try TextFile.text(contentsOf: url)
    switch url.pathExtension.lowercased() {
    case "csv": readTable(CSVTable(text))
    case "json": try readJSON(text)
    default: readLines(text)
    }
  }

  /// Whether entries of one file override those of another.
  static func precedes(_ one: String, _ other: String) -> Bool {
    func rank(_ name: String) -> Int { fileNames.firstIndex(of: name) ?? fileNames.count }
    return rank(one) == rank(other) ? one < other : rank(one) < rank(other)
  }

  private mutating func readLines(_ text: String) {
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !Substring(line).allSatisfy(\.isWhitespace) {
      let data = Data(line)
      attempt(line: index + 1) { () throws(CaptionFields.Problem) in
        guard let object = JSONValue.parsed(data) as? [String: Any] else { throw .notAnObject }
        if let key = JSONValue.repeatedKey(in: data) { throw .repeated(key) }
        let fields = try CaptionFields(object)
        guard fields.file != nil else { throw .noName(Self.lineRule) }
        return fields
      }
    }
  }

  private mutating func readTable(_ table: CSVTable) {
    if let header = table.header, let problem = header.problem {
      error = .brokenLine(url.relativePath, header.line, problem)
    }
    if let header = table.header, header.values.count == 1,
      let separator = Self.otherSeparators.first(where: { header.values[0].contains($0.text) })
    {
      error = error ?? .brokenLine(url.relativePath, header.line, .separated(by: separator.name))
      return
    }
    let columns = table.columns
    for row in table.rows {
      attempt(line: row.line) { () throws(CaptionFields.Problem) in
        if let problem = row.problem { throw problem }
        guard row.values.count == columns.count else {
          throw CaptionFields.Problem(
            text:
              "has \(counted(row.values.count, "value")) for \(counted(columns.count, "column"))",
            remedy: Self.tableRule)
        }
        let pairs = zip(columns, row.values).filter { !$1.isEmpty }
        let fields = try CaptionFields(
          Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
        guard fields.file != nil else { throw .noName(Self.tableRule) }
        return fields
      }
    }
  }

  private mutating func attempt(
    line: Int, _ read: () throws(CaptionFields.Problem) -> CaptionFields
  ) {
    do throws(CaptionFields.Problem) {
      let fields = try read()
      guard let file = fields.file, add(fields, of: file, line: line) else {
        throw .secondEntry(of: fields.file ?? "")
      }
    } catch {
      self.error = self.error ?? .brokenLine(url.relativePath, line, error)
    }
  }

  /// Reads a JSON file that is an object with the names of images as keys, or a list of objects.
  /// Values of other programs, which give no image a caption, are passed over.
  private mutating func readJSON(_ text: String) throws(DatasetError) {
    let data = Data(text.utf8)
    guard let value = JSONValue.parsed(data) else {
      throw .brokenJSON(url.relativePath, problem: "is not valid JSON")
    }
    if let key = JSONValue.repeatedKey(in: data) { note(.repeated(key)) }
    let list = value as? [Any] ?? []
    isConceptList = list.contains { value in
      let concept = value as? [String: Any]
      return concept?["image"] is [String: Any] && concept?["text"] is [String: Any]
    }
    for (index, value) in list.enumerated() where !add(value, of: nil) {
      unreadValues.append(index + 1)
    }
    for (file, value) in (value as? [String: Any] ?? [:]).sorted(by: { $0.key < $1.key })
    where !add(value, of: file) {
      unreadKeys.insert(file)
    }
  }

  /// Adds a value of JSON: an object, or the texts of an image. Returns whether it gives an image
  /// something.
  private mutating func add(_ value: Any, of file: String?) -> Bool {
    let areTexts = file != nil && (value is String || value is [String])
    guard let object = value as? [String: Any] ?? (areTexts ? ["text": value] : nil) else {
      return false
    }
    do throws(CaptionFields.Problem) {
      let fields = try CaptionFields(object, addsTags: true)
      guard let name = file ?? fields.file, fields.hasCaption || fields.focus != nil else {
        return false
      }
      if !add(fields, of: name, line: nil) { note(.secondEntry(of: name)) }
    } catch {
      note(error, of: file)
    }
    return true
  }

  private mutating func note(_ problem: CaptionFields.Problem, of file: String? = nil) {
    let text = (file.map { "\"\($0.excerpt())\" " } ?? "") + problem.text
    error = error ?? .brokenJSON(url.relativePath, problem: text)
  }

  /// Adds an entry. Returns whether it is the first of its image.
  private mutating func add(_ fields: CaptionFields, of file: String, line: Int?) -> Bool {
    let place = place(of: file, isJSON: line == nil)
    guard entries[place] == nil else { return false }
    unreadKeys.formUnion(fields.unread)
    entries[place] = Entry(
      file: file, line: line, captions: fields.captions, focus: fields.focus)
    return true
  }

  /// The path of the image that an entry names. The names in JSON have no extension, or are paths on
  /// another machine.
  private func place(of file: String, isJSON: Bool) -> String {
    let folder = url.deletingLastPathComponent()
    let file = file.contains("/") ? file : file.replacing("\\", with: "/")
    let place =
      file.hasPrefix("/") ? URL(filePath: file) : folder.appending(path: file)
    let own = isJSON ? images.owners(file) : []
    let last = String(file.split(separator: "/").last ?? "")
    let isElsewhere = file.hasPrefix("/") || file.dropFirst().hasPrefix(":")
    let owners = own.isEmpty && isJSON && isElsewhere ? images.owners(last) : own
    guard owners.count == 1 else { return place.standardizedFileURL.path }
    return folder.appending(path: owners[0]).standardizedFileURL.path
  }
}

extension CaptionMetadata {
  /// What other programs write between values.
  fileprivate static let otherSeparators = [
    (text: ";", name: "semicolons"), (text: "\t", name: "tabs"), (text: "|", name: "vertical bars"),
  ]

  fileprivate static let lineRule =
    #"each line must be a JSON object such as {"file_name": "01.jpg", "text": "a photo of sks dog"}"#
  fileprivate static let tableRule =
    "the first line must name the columns, such as file_name,text, and each other line must have a "
    + "value for each"
}

extension CaptionFields.Problem {
  /// An object that has a key twice.
  static func repeated(_ key: String) -> Self {
    Self(text: "has the key \"\(key.excerpt())\" twice", remedy: "keep one of them")
  }

  fileprivate static let notAnObject = Self(
    text: "is not a JSON object", remedy: CaptionMetadata.lineRule)

  fileprivate static func separated(by separators: String) -> Self {
    Self(
      text: "has \(separators) between the columns",
      remedy: "separate all values with commas, and put values that contain commas into quotation "
        + "marks")
  }

  fileprivate static func noName(_ rule: String) -> Self {
    Self(text: "has no text \"file_name\"", remedy: rule)
  }

  fileprivate static func secondEntry(of file: String) -> Self {
    Self(
      text: "names \"\(file.excerpt())\" a second time", remedy: "keep one line for each image")
  }
}

/// `1 value`, `2 values`.
private func counted(_ count: Int, _ what: String) -> String {
  "\(count) \(what)\(count == 1 ? "" : "s")"
}
