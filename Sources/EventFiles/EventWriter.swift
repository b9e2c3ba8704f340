import Dispatch
package import Foundation
import Synchronization

/// Writes an event file in the background, so that a slow or full disk delays and ends nothing. After a
/// failure it writes nothing more.
package final class EventWriter: Sendable {
  private struct Progress {
    /// The number of events that wait to be written.
    var waiting = 0
    var hasFailed = false
    /// What failed, until it is taken.
    var problem: String?
  }

  /// The most events that may wait. A disk that is so far behind has failed.
  private static let mostWaiting = 10_000
  /// Seconds that the end waits for the disk.
  private static let patience = 10

  private let queue = DispatchQueue(label: "lora-train.events")
  /// Only used on the queue.
  private let file = Mutex<EventFile?>(nil)
  private let progress = Mutex(Progress())

  /// Makes the file of ``EventFile/init(in:startingAt:time:)`` in the background.
  package init(in folder: URL, startingAt step: Int) {
    let now = Date()
    perform { $0 = try EventFile(in: folder, startingAt: step, time: now) }
  }

  /// Writes the values of a step, which are computed in the background.
  package func write(step: Int, _ values: @escaping @Sendable () throws -> [EventValue]) {
    let now = Date()
    perform { try $0?.append(values(), step: step, time: now) }
  }

  /// Brings all events so far to the disk, in the background.
  package func flush() { perform { try $0?.sync() } }

  /// Waits until all events are on the disk, or until the disk has had ten seconds for it.
  package func end() {
    flush()
    let done = DispatchSemaphore(value: 0)
    queue.async { done.signal() }
    if done.wait(timeout: .now() + .seconds(Self.patience)) == .timedOut {
      fail("the disk does not respond")
    }
  }

  /// Why nothing more is written, once.
  package func takeProblem() -> String? {
    progress.withLock { progress in
      defer { progress.problem = nil }
      return progress.problem
    }
  }

  private func perform(_ work: @escaping @Sendable (inout EventFile?) throws -> Void) {
    let (accepts, isTooSlow) = progress.withLock { progress in
      guard !progress.hasFailed else { return (false, false) }
      guard progress.waiting < Self.mostWaiting else { return (false, true) }
      progress.waiting += 1
      return (true, false)
    }
    if isTooSlow { fail("the disk is too slow") }
    guard accepts else { return }
    queue.async { [self] in
      let goesOn = progress.withLock { progress in
        progress.waiting -= 1
        return !progress.hasFailed
      }
      guard goesOn else { return }
      do {
        try file.withLock { try work(&$0) }
      } catch {
        fail("\(error)")
      }
    }
  }

  private func fail(_ problem: String) {
    progress.withLock { progress in
      guard !progress.hasFailed else { return }
      progress.hasFailed = true
      progress.problem = problem
    }
  }
}
