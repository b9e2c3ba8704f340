import Synchronization

/// The results of threads, by number.
final class ThreadResults<Value: Sendable>: Sendable {
  private let values: Mutex<[Int: Result<Value, any Error>]> = Mutex([:])
  private let count: Int

  init(_ count: Int) { self.count = count }

  func set(_ index: Int, _ result: Result<Value, any Error>) {
    values.withLock { $0[index] = result }
  }

  var all: [Result<Value, any Error>] {
    values.withLock { values in (0..<count).compactMap { values[$0] } }
  }
}
