import Foundation

/// The two streams: results on standard output, everything else on standard error.
enum Console {
  /// A line for the person at the terminal.
  static func say(_ line: String) { tell(line + "\n") }

  /// A line of the result. Throws `OutputError` where it cannot be delivered.
  static func answer(_ line: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    } catch {
      // Whoever reads our results has read enough.
      if errno == EPIPE { return }
      throw OutputError(reason: String(cString: strerror(errno)))
    }
  }

  /// A value as one JSON document. Throws `OutputError`.
  static func answer(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try answer(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Text in place of the line that the cursor is in, cut to the terminal's width.
  static func redraw(_ text: String) { tell("\r\u{1B}[K\(text.prefix(columns - 1))") }

  /// Whether somebody is watching standard error.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  private static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  private static func tell(_ text: String) {
    do {
      try FileHandle.standardError.write(contentsOf: Data(text.utf8))
    } catch {
      // Nobody is listening any more; the work goes on without them.
    }
  }
}

/// Results that cannot be delivered.
struct OutputError: Error, CustomStringConvertible {
  let reason: String

  var description: String {
    "The standard output cannot be written (\(reason)); free some space or send it elsewhere."
  }
}
