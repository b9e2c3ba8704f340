import Synchronization

/// One line that is replaced by the next: on a terminal in place, else now and then as a line of its own.
final class StatusLine: Sendable {
  private static let plainInterval = Duration.seconds(10)

  private struct State {
    var lastLine: ContinuousClock.Instant
    var isDrawn = false
  }

  let isTerminal = Console.isTerminal
  private let state: Mutex<State>

  /// - Parameter isFirstPrinted: whether the first line is printed where there is no terminal.
  init(isFirstPrinted: Bool = false) {
    state = Mutex(State(lastLine: isFirstPrinted ? .now - Self.plainInterval : .now))
  }

  /// Shows a text that the next one replaces.
  func show(_ text: String) {
    state.withLock { state in
      if isTerminal {
        Console.redraw(text)
        state.isDrawn = true
      } else if ContinuousClock.now - state.lastLine >= Self.plainInterval {
        state.lastLine = .now
        Console.say(text)
      }
    }
  }

  /// Prints a line that stays.
  func print(_ line: String) {
    end()
    Console.say(line)
  }

  /// Leaves the terminal at the start of an empty line.
  func end() {
    state.withLock { state in
      if state.isDrawn { Console.redraw("") }
      state.isDrawn = false
    }
  }
}
