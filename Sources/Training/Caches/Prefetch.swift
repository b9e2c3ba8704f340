import Foundation

/// Work on two threads: one makes a value of each item while the other uses the values.
enum Prefetch {
  /// Makes a value of each item on another thread and passes the values in order to `use` on the
  /// caller's thread. At most `ahead` values wait to be used. The other thread has ended when this
  /// returns or throws.
  ///
  /// - Parameters:
  ///   - ahead: At least 1.
  ///   - make: Makes a value. Its error is thrown when the item's turn comes.
  ///   - use: Takes an item's index and value. Its error ends the work.
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

/// A bounded queue between two threads.
///
/// It is `Sendable` although unchecked: every variable is read and written while `changed` is locked.
/// A condition of Foundation is used, not a `Mutex`, since the thread sanitizer follows only the former.
private final class Line<Made: Sendable>: @unchecked Sendable {
  private let changed = NSCondition()
  private var room: Int
  private var results: [Result<Made, any Error>] = []
  private var isClosed = false
  private var hasEnded = false

  init(length: Int) { room = length }

  /// Waits for room for one more result. Returns false if the queue was closed.
  func waitForRoom() -> Bool {
    changed.withLock {
      while room == 0, !isClosed { changed.wait() }
      room -= 1
      return !isClosed
    }
  }

  func append(_ result: Result<Made, any Error>) {
    change { results.append(result) }
  }

  /// Waits for the next result. Must not be called after a failure.
  func next() -> Result<Made, any Error> {
    change {
      while results.isEmpty { changed.wait() }
      room += 1
      return results.removeFirst()
    }
  }

  /// Called by the making thread at its end.
  func end() {
    change { hasEnded = true }
  }

  /// Makes the other thread end, and waits for it.
  func close() {
    change {
      isClosed = true
      changed.broadcast()
      while !hasEnded { changed.wait() }
    }
  }

  /// Changes the state, and wakes the other thread if it waits for the change.
  private func change<Value>(_ change: () -> Value) -> Value {
    changed.withLock {
      defer { changed.broadcast() }
      return change()
    }
  }
}
