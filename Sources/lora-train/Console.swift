import Foundation

/// The two streams: results on standard output, everything else on standard error.
enum Console {
  /// A line for the person at the terminal.
  static func say(_ line: String) { write(line + "\n", to: .standardError) }

  /// A line of the result.
  static func answer(_ line: String) { write(line + "\n", to: .standardOutput) }

  /// A value as one JSON document.
  static func answer(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    answer(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Text without a line's end, for a line that is written over.
  static func redraw(_ text: String) { write("\r\u{1B}[K\(text)", to: .standardError) }

  /// Whether somebody is watching standard error.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  private static func write(_ text: String, to file: FileHandle) {
    do {
      try file.write(contentsOf: Data(text.utf8))
    } catch {
      // Whoever read this stream has gone; the work goes on without them.
    }
  }
}
