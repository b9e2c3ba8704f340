import Files
import Foundation
import Workspace

/// The two streams: results on standard output, everything else on standard error.
enum Console {
  /// Where a command's output goes. Tests that run a command in their own process pass files.
  struct Streams: Sendable {
    var results = FileHandle.standardOutput
    var messages = FileHandle.standardError
  }

  /// The streams of the command that this thread runs.
  @TaskLocal static var streams = Streams()

  /// A line for the person at the terminal. Options that it mentions are worded as flags.
  static func say(_ line: String) { tell(line.wordingFlags + "\n") }

  /// Something that the user should know.
  static func note(_ sentence: String) { say("Note: \(sentence)") }

  /// What happens in the project folder, in a line each. (A training has a ``ProgressDisplay``.)
  static func report(_ event: WorkspaceEvent) {
    switch event {
    case .note(let sentence): note(sentence)
    case .standardModel(let name, let preferred):
      say("Using the base model \(name), since \(preferred) is not installed.")
    case .starting, .training: break
    }
  }

  /// A line of the result. Throws `OutputError` where it cannot be delivered.
  static func answer(_ line: String) throws {
    do {
      try streams.results.write(contentsOf: Data((line + "\n").utf8))
    } catch {
      // Whoever reads our results has read enough.
      if error.systemCode == .EPIPE { return }
      throw OutputError(reason: error.reason)
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
  static var isTerminal: Bool { isatty(streams.messages.fileDescriptor) == 1 }

  private static var columns: Int {
    var size = winsize()
    guard ioctl(streams.messages.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0
    else { return 80 }
    return Int(size.ws_col)
  }

  private static func tell(_ text: String) {
    do {
      try streams.messages.write(contentsOf: Data(text.utf8))
    } catch {
      // Nobody is listening any more; the work goes on without them.
    }
  }
}

/// Results that cannot be delivered.
struct OutputError: ReportableError {
  let reason: String

  /// What kind of fault it is.
  var kind: ErrorKind {
    .inputOutput
  }

  var description: String {
    "The standard output cannot be written (\(reason)); free some space or send it elsewhere."
  }
}
