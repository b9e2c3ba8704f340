import Synchronization

/// A status line. On a terminal each text replaces the last one; elsewhere a line is printed every 10
/// seconds.
final class StatusLine: Sendable {
  private static let plainInterval = Duration.seconds(10)

  private struct State {
    var lastLine: ContinuousClock.Instant
    var isDrawn = false
  }

  let isTerminal = Console.isTerminal
  private let state: Mutex<State>

  /// - Parameter isFirstPrinted: whether the first line is printed at once without a terminal.
  init(isFirstPrinted: Bool = false) {
    state = Mutex(State(lastLine: isFirstPrinted ? .now - Self.plainInterval : .now))
  }

  /// Shows a text until the next one.
  func show(_ text: String) {
    state.withLock { state in
      if isTerminal {
        Console.redraw(text)
        state.isDrawn = true
      } else if ContinuousClock.now - state.lastLine >= Self.plainInterval {
        state.lastLine = .now
        Console.message(text)
      }
    }
  }

  /// Prints a line that stays on the terminal.
  func print(_ line: String) {
    end()
    Console.message(line)
  }

  /// Moves the cursor to the start of an empty line.
  func end() {
    state.withLock { state in
      if state.isDrawn { Console.redraw("") }
      state.isDrawn = false
    }
  }
}
