import Files
import Foundation

/// Captions in the format of Hugging Face's `imagefolder`: each line of `metadata.jsonl` is a JSON
/// object with the name of an image and its caption or captions.
struct CaptionMetadata {
  /// The content of one line.
  struct Entry: Equatable {
    /// The path of the image, relative to the folder of `metadata.jsonl`.
    let file: String
    /// The number of the line, from 1.
    let line: Int
    /// The captions of the image; may be empty.
    let captions: [String]
    /// The point around which the image is cropped.
    let focus: FocusPoint?
  }

  static let fileName = "metadata.jsonl"

  /// The lines by the paths of their images.
  private(set) var entries: [String: Entry] = [:]
  /// The error of the first line that cannot be read.
  private(set) var error: DatasetError?

  /// Reads the valid lines of a file. Throws `DatasetError` for a file that cannot be read as text.
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
  /// Why a line cannot be read.
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
    else {
      throw Problem("has a \"focus\" that is not two numbers from 0 to 1, such as [0.5, 0.3]")
    }
    return point
  }
}
