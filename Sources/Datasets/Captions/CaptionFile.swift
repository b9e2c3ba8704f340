import Files
import Foundation

/// The file beside an image with its caption, or with alternatives.
package struct CaptionFile {
  /// The extensions of caption files. Files of earlier ones override those of later ones.
  package static let endings = ["txt", "caption", "captions", "cap", "text", "tags", "json", "csv"]

  /// The trimmed lines that are not blank, without the line with the focus point.
  private(set) var captions: [String] = []
  /// The point of a line `focus: 0.4 0.3`.
  private(set) var focus: FocusPoint?
  /// Keys of JSON that are not read.
  private(set) var unreadKeys: [String] = []

  /// Whether the file gives the image nothing.
  var isEmpty: Bool { captions.isEmpty && focus == nil }

  /// Whether the file of one name overrides the file of another name.
  static func precedes(_ one: String, _ other: String) -> Bool {
    func rank(_ name: String) -> Int {
      endings.firstIndex(of: name.pathExtension.lowercased()) ?? endings.count
    }
    return (rank(one), one.utf8.count, one) < (rank(other), other.utf8.count, other)
  }

  /// Reads a caption file. nil: it is JSON or a table without a caption.
  ///
  /// - Throws: `DatasetError` if the file cannot be read, is not UTF-8 or not JSON, or has an invalid
  ///   focus point.
  init?(contentsOf url: URL) throws(DatasetError) {
    let text = try TextFile.text(contentsOf: url)
    switch url.pathExtension.lowercased() {
    case "json":
      if text.allSatisfy(\.isWhitespace) { return }
      let data = Data(text.utf8)
      guard let value = JSONValue.parsed(data) else {
        throw .brokenJSON(url.relativePath, problem: "is not valid JSON")
      }
      if let key = JSONValue.repeatedKey(in: data) {
        throw .brokenJSON(url.relativePath, problem: CaptionFields.Problem.repeated(key).text)
      }
      let fields: CaptionFields
      do throws(CaptionFields.Problem) {
        fields = try CaptionFields(value as? [String: Any] ?? ["text": value], addsTags: true)
      } catch {
        throw .brokenJSON(url.relativePath, problem: error.text)
      }
      guard fields.hasCaption || fields.focus != nil else { return nil }
      captions = fields.captions
      focus = fields.focus
      unreadKeys = fields.unread
    case "tags":
      try readLines(text, url)
      if !captions.isEmpty { captions = [captions.joined(separator: ", ")] }
    case "csv":
      try readLines(text, url)
      let table = CSVTable(captions.joined(separator: "\n"))
      // Several rows are a table. Its columns may be anything.
      if !table.rows.isEmpty { return nil }
      if let row = table.header, let problem = row.problem {
        throw .brokenLine(url.relativePath, row.line, problem)
      }
      captions = [table.header?.text ?? ""].filter { !$0.isEmpty }
    default:
      try readLines(text, url)
    }
  }

  private mutating func readLines(_ text: String, _ url: URL) throws(DatasetError) {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty { continue }
      guard line.prefix(6).lowercased() == "focus:" else {
        captions.append(line)
        continue
      }
      guard focus == nil, let point = Self.point(line.dropFirst(6)) else {
        throw .noFocusPoint(url.relativePath, line: index + 1, found: line.excerpt())
      }
      focus = point
    }
  }

  /// Two numbers, separated by spaces or a comma.
  private static func point(_ text: some StringProtocol) -> FocusPoint? {
    let parts = text.split { $0.isWhitespace || $0 == "," }
    let shares = parts.compactMap { Double($0) }
    return shares.count == parts.count ? FocusPoint(shares) : nil
  }
}

extension CSVTable.Row {
  /// The values that are not blank, on one line.
  fileprivate var text: String {
    values.map { value in
      value.split(whereSeparator: \.isNewline).joined(separator: " ")
        .trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty }.joined(separator: ", ")
  }
}
