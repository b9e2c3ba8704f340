import Files
import Foundation
import Workspace

/// The two output streams: results on standard output, messages on standard error.
enum Console {
  /// The streams of a command. Tests that run a command in their own process pass files.
  struct Streams: Sendable {
    var results = FileHandle.standardOutput
    var messages = FileHandle.standardError
  }

  /// The streams of the command that this thread runs.
  @TaskLocal static var streams = Streams()

  /// Prints a line on standard error. Option keys in backticks become flags.
  static func message(_ line: String) { write(line.wordingFlags + "\n") }

  /// Prints a note on standard error.
  static func note(_ sentence: String) { message("Note: \(sentence)") }

  /// Prints the seed that stands for a negative one.
  static func note(drawn seed: UInt64) {
    note("The seed is \(seed), drawn at random, since `seed` is negative.")
  }

  /// Prints the seeds of a list that stand for negative ones.
  static func note(drawn seeds: [UInt64], of key: String) {
    let isOne = seeds.count == 1
    note(
      "The \(isOne ? "seed" : "seeds") \(seeds.map(String.init).joined(separator: ", ")) of `\(key)` "
        + (isOne
          ? "is drawn at random, in place of a negative one."
          : "are drawn at random, in place of negative ones."))
  }

  /// Prints the events of a project folder, in a line each. (A training has a ``ProgressDisplay``.)
  static func report(_ event: WorkspaceEvent) {
    switch event {
    case .note(let sentence): note(sentence)
    case .standardModel(let name, let preferred):
      message("Using the base model \(name), since \(preferred) is not installed.")
    case .starting, .training: break
    }
  }

  /// Prints a line on standard output. Throws `StandardOutputError`.
  static func result(_ line: String) throws {
    do {
      try streams.results.write(contentsOf: Data((line + "\n").utf8))
    } catch {
      // The reader of a pipe has closed it.
      if error.systemCode == .EPIPE { return }
      throw StandardOutputError(reason: error.reason)
    }
  }

  /// Prints a value as one JSON document on standard output. Throws `StandardOutputError`.
  static func result(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try result(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Replaces the current line of the terminal, cut to the terminal's width.
  static func redraw(_ text: String) { write("\r\u{1B}[K\(text.prefix(columns - 1))") }

  /// Whether standard error is a terminal.
  static var isTerminal: Bool { isatty(streams.messages.fileDescriptor) == 1 }

  private static var columns: Int {
    var size = winsize()
    guard ioctl(streams.messages.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0
    else { return 80 }
    return Int(size.ws_col)
  }

  private static func write(_ text: String) {
    do {
      try streams.messages.write(contentsOf: Data(text.utf8))
    } catch {
      // Without a reader of its messages, the command continues.
    }
  }
}

/// Standard output that cannot be written.
struct StandardOutputError: ReportableError {
  let reason: String

  var kind: ErrorKind {
    .inputOutput
  }

  var description: String {
    "The standard output cannot be written (\(reason)); free some space or redirect it elsewhere."
  }
}
