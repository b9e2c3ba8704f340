import Files
import Foundation

/// The text file beside an image: a caption, or alternatives, on each line.
struct CaptionFile {
  /// The trimmed lines that are not blank, without the line with the focus point.
  private(set) var captions: [String] = []
  /// The point of a line `focus: 0.4 0.3`.
  private(set) var focus: FocusPoint?

  init() {}

  /// Reads a caption file.
  ///
  /// - Throws: `DatasetError` if the file cannot be read, is not UTF-8, or has an invalid focus
  ///   point.
  init(contentsOf url: URL) throws(DatasetError) {
    let text = try TextFile.text(contentsOf: url)
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
