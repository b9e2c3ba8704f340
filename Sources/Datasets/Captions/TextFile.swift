import Files
import Foundation

/// Reads the text files of a dataset.
enum TextFile {
  /// The most bytes of a text.
  private static let limit = 1 << 28

  /// A file's text without its byte order mark. Throws `DatasetError` if it cannot be read or is
  /// not UTF-8.
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
    guard let text = String(data: content, encoding: .utf8) else {
      throw .captionNotUTF8(url.relativePath, encoding: encoding(of: data))
    }
    return text
  }

  /// The most likely encoding of text that is not UTF-8, by its name in `iconv`.
  private static func encoding(of data: Data) -> String {
    if data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    // Latin 1 has control characters where Windows has curly quotes and dashes.
    return data.contains { (0x80...0x9F).contains($0) } ? "WINDOWS-1252" : "LATIN1"
  }
}
