package import Files
import Foundation
import Options

/// The text of a caption file.
enum CaptionText {
  /// The most bytes of a caption, and of a caption file that is added.
  static let limit = 64 << 10

  /// A file with captions, one a line, and a focus point.
  static func data(_ captions: [String], focus: FocusPoint?) -> Data {
    let lines = captions + (focus.map { ["focus: \($0.x.text) \($0.y.text)"] } ?? [])
    return Data(lines.map { "\($0)\n" }.joined().utf8)
  }

  /// A caption as a line of a file reads it, without white space at the ends. Throws `CaptionTextError`
  /// for a text that is no such line.
  static func line(_ text: String, of image: String) throws(CaptionTextError) -> String {
    let line = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !line.isEmpty else { throw .blank(image) }
    guard !line.contains(where: \.isNewline) else { throw .lineBreak(image) }
    guard line.prefix(6).lowercased() != "focus:" else { throw .focus(image) }
    guard line.unicodeScalars.allSatisfy(isAllowed) else { throw .control(image) }
    guard line.utf8.count <= limit else { throw .tooLong(image, byteCount: line.utf8.count) }
    return line
  }

  /// A byte order mark at the start of a file would not be read.
  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\t" || scalar.properties.generalCategory != .control && scalar != "\u{feff}"
  }
}

/// A text that cannot be a caption.
package enum CaptionTextError: ReportableError, Equatable {
  /// There is no text.
  case blank(String)
  /// There are several lines.
  case lineBreak(String)
  /// The text starts as the line of a focus point.
  case focus(String)
  /// There are control characters.
  case control(String)
  /// The text is over the limit.
  case tooLong(String, byteCount: Int)

  /// The kind of error.
  package var kind: ErrorKind {
    switch self {
    case .blank, .lineBreak, .focus, .control, .tooLong: .usage
    }
  }

  /// One sentence: what was found and what to do.
  package var description: String {
    switch self {
    case .blank(let image):
      "The caption of \(image) would be empty; give a text."
    case .lineBreak(let image):
      "The caption of \(image) would have several lines; write it on one line."
    case .focus(let image):
      "The caption of \(image) would start with \"focus:\", which sets a focus point; begin it with "
        + "another word."
    case .control(let image):
      "The caption of \(image) would contain control characters; remove them."
    case .tooLong(let image, let byteCount):
      "The caption of \(image) would have \(byteCount) bytes, over the limit of "
        + "\(CaptionText.limit); shorten it."
    }
  }
}
