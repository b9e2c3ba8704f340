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
      let object = JSONValue.parsed(Data(line)) as? [String: Any]
      attempt(line: index + 1) {
        guard let object else { throw CaptionFields.Problem(text: "is not a JSON object") }
        return try CaptionFields(object)
      }
    }
  }

  private mutating func readTable(_ table: CSVTable) {
    for row in table.rows {
      attempt(line: row.line) {
        guard row.values.count == table.columns.count else {
          throw CaptionFields.Problem(
            text: "has \(row.values.count) values for \(table.columns.count) columns")
        }
        let pairs = zip(table.columns, row.values).filter { !$1.isEmpty }
        return try CaptionFields(Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
      }
    }
  }

  private mutating func attempt(line: Int, _ read: () throws -> CaptionFields) {
    do {
      let fields = try read()
      guard let file = fields.file else {
        throw CaptionFields.Problem(text: "has no text \"file_name\"")
      }
      guard add(fields, of: file, line: line) else {
        throw CaptionFields.Problem(text: "names \"\(file.excerpt())\" a second time")
      }
    } catch {
      let problem = (error as? CaptionFields.Problem)?.text ?? "cannot be read"
      self.error = self.error ?? .brokenMetadata(url.relativePath, line: line, problem: problem)
    }
  }

  /// Reads a JSON file that is an object with the names of images as keys, or a list of objects.
  /// Objects of other programs, which give no image a caption, are passed over.
  private mutating func readJSON(_ text: String) throws(DatasetError) {
    let value = JSONValue.parsed(Data(text.utf8))
    guard let value else { throw .brokenJSON(url.relativePath, problem: "is not JSON") }
    if let list = value as? [[String: Any]] {
      isConceptList = list.contains { $0["image"] is [String: Any] && $0["text"] is [String: Any] }
      for object in list { add(object, of: nil) }
    }
    for (file, value) in (value as? [String: Any] ?? [:]).sorted(by: { $0.key < $1.key }) {
      if let object = value as? [String: Any] ?? (value as? String).map({ ["text": $0] }) {
        add(object, of: file)
      }
    }
  }

  private mutating func add(_ object: [String: Any], of file: String?) {
    do throws(CaptionFields.Problem) {
      let fields = try CaptionFields(object, addsTags: true)
      guard let name = file ?? fields.file, fields.hasCaption || fields.focus != nil else { return }
      _ = add(fields, of: name, line: nil)
    } catch {
      let problem = (file.map { "\"\($0.excerpt())\" " } ?? "") + error.text
      self.error = self.error ?? .brokenJSON(url.relativePath, problem: problem)
    }
  }

  /// Adds an entry. Returns whether it is the first of its image.
  private mutating func add(_ fields: CaptionFields, of file: String, line: Int?) -> Bool {
    unreadKeys.formUnion(fields.unread)
    let entry = Entry(file: file, line: line, captions: fields.captions, focus: fields.focus)
    return entries.updateValue(entry, forKey: place(of: file, isJSON: line == nil)) == nil
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
