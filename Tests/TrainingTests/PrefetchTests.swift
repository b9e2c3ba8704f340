import Foundation
import Synchronization
import Testing

@testable import Training

@Suite("Prefetch")
struct PrefetchTests {
  private struct Failure: Error, Equatable {
    let item: Int
  }

  /// The items begun so far, and the number still in memory.
  private final class Log: Sendable {
    private let begun = Mutex<[Int]>([])
    private let counts = Mutex((alive: 0, most: 0))

    var items: [Int] { begun.withLock { $0 } }
    var mostAlive: Int { counts.withLock { $0.most } }

    func begin(_ item: Int) { begun.withLock { $0.append(item) } }

    func make() -> Made {
      counts.withLock { counts in
        counts.alive += 1
        counts.most = max(counts.most, counts.alive)
      }
      return Made(log: self)
    }

    func free() { counts.withLock { $0.alive -= 1 } }
  }

  private final class Made: Sendable {
    private let log: Log

    init(log: Log) { self.log = log }

    deinit { log.free() }
  }

  @Test("all items are passed in order, and made on another thread")
  func order() throws {
    let caller = pthread_self()
    var used: [Int] = []
    try Prefetch.forEach(Array(0..<100)) { item in
      (item * item, pthread_equal(pthread_self(), caller) == 0)
    } use: { index, made in
      #expect(made == (index * index, true))
      #expect(pthread_equal(pthread_self(), caller) != 0)
      used.append(index)
    }
    #expect(used == Array(0..<100))
    try Prefetch.forEach([Int]()) {
      $0
    } use: { _, _ in
      Issue.record("there is nothing to use")
    }
  }

  @Test("the next two items are made while one is used, but no more")
  func overlap() throws {
    let log = Log()
    let begun = DispatchSemaphore(value: 0)
    try Prefetch.forEach(Array(0..<20)) { item in
      log.begin(item)
      begun.signal()
    } use: { index, _ in
      // The item and the two after it are begun before its use ends.
      while log.items.count < min(index + 3, 20) {
        guard begun.wait(timeout: .now() + 30) == .success else {
          Issue.record("nothing is made while item \(index) is used")
          break
        }
      }
      #expect(log.items == Array(0..<min(index + 3, 20)))
    }
  }

  @Test("at most three results are in memory")
  func memory() throws {
    let log = Log()
    try Prefetch.forEach(Array(0..<200)) { _ in
      log.make()
    } use: { _, _ in
    }
    #expect(log.mostAlive <= 3)
  }

  @Test("the error of an item is thrown in its turn, and no later item is made")
  func failure() throws {
    let log = Log()
    var used: [Int] = []
    #expect(throws: Failure(item: 4)) {
      try Prefetch.forEach(Array(0..<20)) { item in
        log.begin(item)
        if item >= 4 { throw Failure(item: item) }
      } use: { index, _ in
        used.append(index)
      }
    }
    #expect(used == [0, 1, 2, 3])
    #expect(log.items == [0, 1, 2, 3, 4])
  }

  @Test("after an error of the user the other thread has ended, also if it waits for room")
  func stop() throws {
    let log = Log()
    let ended = Mutex(0)
    #expect(throws: Failure(item: 1)) {
      try Prefetch.forEach(Array(0..<20)) { item in
        log.begin(item)
        Thread.sleep(forTimeInterval: 0.01)
        ended.withLock { $0 += 1 }
      } use: { index, _ in
        if index == 1 { throw Failure(item: index) }
      }
    }
    let begun = log.items.count
    #expect(begun <= 4)
    #expect(ended.withLock { $0 } == begun)
  }
}
