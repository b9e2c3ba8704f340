import Foundation
package import Ranks
import Synchronization

/// Ranks as threads of one process, with connections of their own.
package enum RankThreads {
  /// Runs `body` as each of several ranks, and returns their results in order.
  package static func run<Value: Sendable>(
    _ size: Int, limits: RankGroup.Limits = .init(start: .seconds(20), silence: .seconds(20)),
    _ body: @escaping @Sendable (RankGroup) throws -> Value
  ) throws -> [Result<Value, any Error>] {
    let port = try freePort()
    let launches = (0..<size).map {
      Launch(rank: $0, size: size, address: "127.0.0.1", port: port)
    }
    return run(launches, limits: limits, body)
  }

  /// Runs `body` as each of several launches, and returns their results in order.
  package static func run<Value: Sendable>(
    _ launches: [Launch], limits: RankGroup.Limits,
    _ body: @escaping @Sendable (RankGroup) throws -> Value
  ) -> [Result<Value, any Error>] {
    let results = ThreadResults<Value>(launches.count)
    let group = DispatchGroup()
    for (index, launch) in launches.enumerated() {
      group.enter()
      Thread.detachNewThread {
        results.set(
          index,
          Result { try body(RankGroup(launch, limits: limits, onStuck: { _ in })) })
        group.leave()
      }
    }
    group.wait()
    return results.all
  }
}

/// The results of threads, by number.
private final class ThreadResults<Value: Sendable>: Sendable {
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
