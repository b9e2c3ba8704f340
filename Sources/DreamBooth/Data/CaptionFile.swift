import Foundation
import NN

/// The text file beside an image.
enum CaptionFile {
  /// The lines that are not blank, trimmed.
  ///
  /// - Throws: `DatasetError` when the file cannot be read or is not UTF-8.
  static func lines(contentsOf url: URL) throws(DatasetError) -> [String] {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .unreadable(url.relativePath, reason: error.reason)
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw .captionNotUTF8(url.relativePath)
    }
    let blank = CharacterSet.whitespaces.union(CharacterSet(charactersIn: "\u{feff}"))
    return
      text
      .split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: blank) }
      .filter { !$0.isEmpty }
  }
}
