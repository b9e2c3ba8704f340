import Files
import Foundation

/// Captions as Hugging Face's `imagefolder` keeps them: `metadata.jsonl`, a JSON object a line, which
/// names a picture and gives its caption, or several.
struct CaptionMetadata {
  /// What one line says.
  struct Entry: Equatable {
    /// The picture as the line names it, seen from the file's folder.
    let file: String
    /// The number of the line, from 1.
    let line: Int
    /// What may be said of the picture; empty: nothing is said.
    let captions: [String]
    /// What its crop is to show.
    let focus: FocusPoint?
  }

  /// Name of the file in a folder with pictures.
  static let fileName = "metadata.jsonl"

  /// The lines by the pictures' places.
  private(set) var entries: [String: Entry] = [:]
  /// The first line that could not be read.
  private(set) var error: DatasetError?

  /// Reads a file as far as it can be read. Throws `DatasetError` for a file that cannot be read as
  /// text.
  init(contentsOf url: URL) throws(DatasetError) {
    let folder = url.deletingLastPathComponent()
    let text = try TextFile.text(contentsOf: url)
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !Substring(line).allSatisfy(\.isWhitespace) {
      do {
        let read = try JSONDecoder().decode(MetadataLine.self, from: Data(line))
        let place = folder.appending(path: read.file).standardizedFileURL.path
        let entry = Entry(
          file: read.file, line: index + 1, captions: read.captions, focus: read.focus)
        guard entries.updateValue(entry, forKey: place) == nil else {
          throw MetadataLine.Problem("names \"\(read.file.excerpt())\" a second time")
        }
      } catch {
        let problem = (error as? MetadataLine.Problem)?.text ?? "is not a JSON object"
        self.error =
          self.error ?? .brokenMetadata(url.relativePath, line: index + 1, problem: problem)
      }
    }
  }
}

private struct MetadataLine: Decodable {
  /// What is wrong with a line.
  struct Problem: Error {
    let text: String

    init(_ text: String) { self.text = text }
  }

  let file: String
  let captions: [String]
  let focus: FocusPoint?

  private enum CodingKeys: String, CodingKey {
    case file = "file_name"
    case text, caption, prompt, focus
  }

  init(from decoder: any Decoder) throws {
    let line = try decoder.container(keyedBy: CodingKeys.self)
    guard let file = try? line.decode(String.self, forKey: .file) else {
      throw Problem("has no text \"file_name\"")
    }
    self.file = file
    captions = try Self.captions(in: line)
    focus = try line.contains(.focus) ? Self.focus(in: line) : nil
  }

  private static func captions(in line: KeyedDecodingContainer<CodingKeys>) throws -> [String] {
    let given = try [.text, .caption, .prompt].first { (key: CodingKeys) in
      try line.contains(key) && !line.decodeNil(forKey: key)
    }
    guard let key = given else { return [] }
    let texts =
      (try? line.decode([String].self, forKey: key))
      ?? (try? line.decode(String.self, forKey: key)).map { [$0] }
    guard let texts else {
      throw Problem("has a \"\(key.rawValue)\" that is neither a text nor a list of texts")
    }
    return texts.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
  }

  private static func focus(in line: KeyedDecodingContainer<CodingKeys>) throws -> FocusPoint? {
    if try line.decodeNil(forKey: .focus) { return nil }
    guard let shares = try? line.decode([Double].self, forKey: .focus),
      let point = FocusPoint(shares)
    else { throw Problem("has a \"focus\" that is not two numbers from 0 to 1, as [0.5, 0.3]") }
    return point
  }
}
