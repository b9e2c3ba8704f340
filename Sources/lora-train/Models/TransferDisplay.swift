import Files
import Hub
import Synchronization

/// Shows how far a download or upload is: bytes, speed, time left.
final class TransferDisplay: Sendable {
  private static let interval = Duration.milliseconds(100)

  private struct State {
    var start: (time: ContinuousClock.Instant, bytes: Int)?
    var shown: ContinuousClock.Instant?
  }

  private let line = StatusLine()
  private let verb: String
  private let state = Mutex(State())

  /// - Parameter verb: what is done with the bytes: "Downloaded".
  init(_ verb: String) { self.verb = verb }

  /// Shows the bytes that are done.
  func show(_ done: Int, of total: Int) {
    let now = ContinuousClock.now
    let speed = state.withLock { state -> Double? in
      if let shown = state.shown, now - shown < Self.interval, done < total { return nil }
      state.shown = now
      guard let start = state.start else {
        state.start = (now, done)
        return 0
      }
      let seconds = (now - start.time) / .seconds(1)
      return seconds > 0 ? Double(done - start.bytes) / seconds : 0
    }
    guard let speed else { return }
    let (unit, digits, name) = total < 1_000_000_000 ? (1e6, 1, "MB") : (1e9, 2, "GB")
    func amount(_ bytes: Int) -> String { (Double(bytes) / unit).fixed(digits) }
    var text = "\(verb) \(amount(done)) of \(amount(total)) \(name)"
    if speed > 0 {
      let left = Duration.seconds(Double(total - done) / speed)
      text += ", \((speed / 1e6).fixed(1)) MB/s, \(left.clock) left"
    }
    line.show(text)
  }

  /// Moves the cursor to the start of an empty line.
  func end() { line.end() }
}
