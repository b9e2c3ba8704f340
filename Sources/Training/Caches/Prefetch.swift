import Foundation
import Synchronization

/// Work on two threads: one makes something of each item, the other uses it meanwhile.
enum Prefetch {
  /// Makes something of each item on a thread of its own, at most `ahead` of them before they are
  /// used, and hands them over in order on the thread of the caller. When this returns or throws,
  /// the other thread has ended.
  ///
  /// - Parameters:
  ///   - make: what it throws for an item is thrown when that item's turn has come.
  ///   - use: told an item's index and what was made of it; what it throws ends the work.
  static func forEach<Item: Sendable, Made: Sendable>(
    _ items: [Item], ahead: Int = 2, make: @escaping @Sendable (Item) throws -> Made,
    use: (_ index: Int, _ made: Made) throws -> Void
  ) throws {
    let line = Line<Made>(length: ahead)
    let thread = Thread {
      for item in items {
        guard line.waitForRoom() else { break }
        let result = Result { try make(item) }
        line.append(result)
        if case .failure = result { break }
      }
      line.end()
    }
    thread.start()
    defer { line.close() }
    for index in items.indices { try use(index, line.next().get()) }
  }
}

/// A queue between two threads that holds a few results at most.
private final class Line<Made: Sendable>: Sendable {
  private struct State {
    var results: [Result<Made, any Error>] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  // Semaphores must not be freed below the value that they were made with, hence the signals.
  private let room = DispatchSemaphore(value: 0)
  private let ready = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(length: Int) {
    for _ in 0..<length { room.signal() }
  }

  /// Waits until one more result may be made; false: no more are wanted.
  func waitForRoom() -> Bool {
    room.wait()
    return state.withLock { !$0.isClosed }
  }

  func append(_ result: Result<Made, any Error>) {
    state.withLock { $0.results.append(result) }
    ready.signal()
  }

  /// The next result; waits for it. After a failure there is none.
  func next() -> Result<Made, any Error> {
    ready.wait()
    defer { room.signal() }
    return state.withLock { $0.results.removeFirst() }
  }

  /// Told by the making thread that it is done.
  func end() { ended.signal() }

  /// Asks the making thread to end, and waits until it has.
  func close() {
    state.withLock { $0.isClosed = true }
    room.signal()
    ended.wait()
  }
}
