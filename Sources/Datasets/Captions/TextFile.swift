import Files
import Foundation

/// Reads the text files of a dataset.
enum TextFile {
  /// The most bytes of a text.
  private static let limit = 1 << 28

  /// A file's text without its byte order mark. Throws `DatasetError` if it cannot be read, is not
  /// UTF-8, or contains NUL characters, which no caption has.
  static func text(contentsOf url: URL) throws(DatasetError) -> String {
    let data: Data
    do {
      let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
      guard size <= limit else {
        throw DatasetError.unreadable(
          url.relativePath, reason: "it has \(size) bytes, over the limit of \(limit)")
      }
      data = try Data(contentsOf: url)
    } catch let error as DatasetError {
      throw error
    } catch {
      throw .unreadable(url.relativePath, reason: error.reason)
    }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = data.starts(with: mark) ? data.dropFirst(mark.count) : data
    guard let text = String(data: content, encoding: .utf8), !content.contains(0) else {
      guard let encoding = encoding(of: content) else {
        throw .nulCharacters(url.relativePath)
      }
      throw .captionNotUTF8(url.relativePath, encoding: encoding)
    }
    return text
  }

  /// The most likely encoding of text that is not UTF-8, by its name in `iconv`; nil: it has NUL
  /// characters and is not clearly UTF-16.
  private static func encoding(of data: Data) -> String? {
    if data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    if data.contains(0) { return byteOrder(of: data).map { "UTF-16\($0)" } }
    // Latin 1 has control characters where Windows has curly quotes and dashes.
    return data.contains { (0x80...0x9F).contains($0) } ? "WINDOWS-1252" : "LATIN1"
  }

  /// The order of the bytes in UTF-16 without a byte order mark, `LE` or `BE`; nil: it is not clear.
  /// In most languages more than half of the high bytes are below 0x20, and few of the low ones are.
  private static func byteOrder(of data: Data) -> String? {
    var (even, odd) = (0, 0)
    for (index, byte) in data.enumerated() where byte < 0x20 {
      if index.isMultiple(of: 2) { even += 1 } else { odd += 1 }
    }
    switch (4 * even > data.count, 4 * odd > data.count) {
    case (false, true): return "LE"
    case (true, false) where even < data.count: return "BE"
    default: return nil
    }
  }
}
