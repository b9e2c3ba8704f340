import Foundation
import Synchronization
import Torch

/// Watches over the other ranks on a thread of its own: gives signs of life, and notices when the next rank or
/// the store of rank 0 gives none. Since each rank watches the next, every rank is watched.
final class RankMonitor: Sendable {
  /// Time between two signs of life.
  static let interval = Duration.seconds(1)
  /// After a broken connection, the time without a sign of life that shows which rank is gone.
  private static let shortLimit = Duration.seconds(5)

  private struct State {
    var failure: RankError?
    var stops = false
    /// Whether the owner has seen the failure and is ending.
    var isEnding = false
    /// Whether a connection has broken.
    var isBroken = false
    var isClosed = false
    var isGone = false
    /// The end of the last round.
    var lastRound = ContinuousClock.now
    /// The number of exchanges that this rank has begun.
    var exchanges = 0
    /// What is to be said to the other ranks.
    var outgoing: String?
    var wantsStop = false
  }

  private let store: TCPStore
  private let names: [RankName]
  private let rank: Int
  private let limit: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - store: A connection that nobody else uses.
  ///   - names: All ranks.
  ///   - limit: The time without a sign of life after which a rank counts as lost.
  init(_ store: TCPStore, _ names: [RankName], rank: Int, limit: Duration) {
    self.store = store
    self.names = names
    self.rank = rank
    self.limit = limit
  }

  /// Starts the thread.
  ///
  /// - Parameter onStuck: Called if the owner does not end within the limit after a failure. It must end the
  ///   process.
  func start(onStuck: @escaping @Sendable (RankError) -> Void) {
    Thread.detachNewThread { [self] in watch() }
    // The thread above may be stuck itself, in a call to a store that no longer answers.
    Thread.detachNewThread { [self] in
      var since: ContinuousClock.Instant?
      while !state.withLock({ $0.isClosed || $0.isGone }) {
        Thread.sleep(forTimeInterval: 0.5)
        guard let failure else { continue }
        let start = since ?? .now
        since = start
        if ContinuousClock.now - start > limit, !state.withLock({ $0.isEnding }) {
          return onStuck(failure)
        }
      }
    }
  }

  /// What has failed; nil as long as all is well.
  var failure: RankError? {
    state.withLock { state in
      if state.failure == nil, !state.isClosed, ContinuousClock.now - state.lastRound > limit {
        state.failure = lost(0, limit)
      }
      return state.failure
    }
  }

  /// Throws the failure, which the caller then handles.
  func check() throws(RankError) {
    guard let failure else { return }
    state.withLock { $0.isEnding = true }
    throw failure
  }

  /// Whether a rank was asked to stop.
  var isStopRequested: Bool { state.withLock { $0.stops } }

  /// Asks all ranks to stop.
  func requestStop() {
    state.withLock { state in
      state.stops = true
      state.wantsStop = true
    }
  }

  /// Counts an exchange that begins.
  func count() { state.withLock { $0.exchanges += 1 } }

  /// Waits until it shows which rank is gone, after an exchange has failed. Throws the reason.
  func explain(_ reason: String) throws(RankError) -> Never {
    state.withLock { $0.isBroken = true }
    let deadline = ContinuousClock.now + limit + Self.interval * 3
    while ContinuousClock.now < deadline {
      try check()
      Thread.sleep(forTimeInterval: 0.05)
    }
    state.withLock { $0.isEnding = true }
    throw late() ?? .exchange(reason: reason)
  }

  /// The error for a rank that gives signs of life, but has begun fewer exchanges than this one; nil if there is none.
  private func late() -> RankError? {
    let own = state.withLock { $0.exchanges }
    do {
      for other in names where other.rank != rank {
        let value = try store.value(Key.alive(other.rank)) ?? []
        let count = String(decoding: value, as: UTF8.self).split(separator: " ").last
          .flatMap { Int($0) }
        if let count, count < own { return .stuck(other) }
      }
    } catch {
      // Without the store there is nothing more to find out.
    }
    return nil
  }

  /// Ends the watch. Other ranks learn of an error, and that this rank no longer gives signs of life. Returns
  /// when they had time for it.
  func close(error: String?) {
    state.withLock { state in
      state.isEnding = true
      state.outgoing = error
      state.isClosed = true
    }
    Thread.sleep(forTimeInterval: 0.1)
  }

  /// Ends the watch without a word.
  func vanish() { state.withLock { $0.isGone = true } }

  private func lost(_ rank: Int, _ time: Duration) -> RankError {
    .lost(names[rank], seconds: Int(time / .seconds(1)))
  }

  // MARK: The thread

  private func watch() {
    var seen: (value: [UInt8]?, at: ContinuousClock.Instant) = (nil, .now)
    var round = 0
    let next = (rank + 1) % names.count
    while true {
      round += 1
      do {
        guard try exchange(round) else { return }
        let value = try store.value(Key.alive(next))
        if value != seen.value { seen = (value, .now) }
        let silence = ContinuousClock.now - seen.at
        let isBroken = state.withLock { $0.isBroken }
        if value != Key.left, silence > (isBroken ? min(Self.shortLimit, limit) : limit) {
          try post(lost(next, silence))
        }
      } catch {
        // Rank 0 serves the store, so it is gone.
        if rank != 0 { fail(lost(0, Self.interval)) }
        return
      }
      state.withLock { $0.lastRound = .now }
      Thread.sleep(forTimeInterval: Self.interval / .seconds(1))
    }
  }

  /// Gives a sign of life, and passes on what there is to say. Returns whether the watch goes on. Throws
  /// `TorchError`.
  private func exchange(_ round: Int) throws -> Bool {
    if state.withLock({ $0.isGone }) { return false }
    let (isClosed, outgoing, wantsStop, exchanges) = state.withLock { state in
      defer { (state.outgoing, state.wantsStop) = (nil, false) }
      return (state.isClosed, state.outgoing, state.wantsStop, state.exchanges)
    }
    if let outgoing { try post(.ended(names[rank], message: outgoing)) }
    try store.set(Key.alive(rank), to: isClosed ? Key.left : Array("\(round) \(exchanges)".utf8))
    if isClosed { return false }
    if wantsStop { try store.set(Key.stop, to: [1]) }
    if try store.value(Key.stop) != nil { state.withLock { $0.stops = true } }
    if let bytes = try store.value(Key.failure) {
      fail(try JSONDecoder().decode(RankFailure.self, from: Data(bytes)).error)
    }
    return true
  }

  /// Tells all ranks of a failure, unless they know of another. Throws `TorchError`.
  private func post(_ error: RankError) throws {
    fail(error)
    guard let failure = RankFailure(error), try store.add(Key.failures, 1) == 1 else { return }
    try store.set(Key.failure, to: Array(try JSONEncoder().encode(failure)))
  }

  private func fail(_ error: RankError) {
    state.withLock { state in
      if state.failure == nil { state.failure = error }
    }
  }

  private enum Key {
    static let stop = "stop"
    static let failure = "failure"
    static let failures = "failures"
    static let left = Array("left".utf8)
    static func alive(_ rank: Int) -> String { "alive/\(rank)" }
  }
}

/// A failure that ranks tell each other.
private struct RankFailure: Codable {
  var rank: RankName
  /// The rank's last words; nil if it was lost.
  var message: String?
  var seconds = 0

  init?(_ error: RankError) {
    switch error {
    case .lost(let rank, let seconds): (self.rank, self.seconds) = (rank, seconds)
    case .ended(let rank, let message): (self.rank, self.message) = (rank, message)
    default: return nil
    }
  }

  var error: RankError {
    message.map { .ended(rank, message: $0) } ?? .lost(rank, seconds: seconds)
  }
}
