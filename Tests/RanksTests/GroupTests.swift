import Foundation
import TestSupport
import Testing
import Torch

@testable import Ranks

/// Ranks that exchange tensors, as threads of one process with connections of their own.
@Suite(.serialized)
struct GroupTests {
  /// Runs `body` as each of several ranks, and returns their results in order.
  private static func run<Value: Sendable>(
    _ size: Int, silence: Duration = .seconds(20),
    _ body: @escaping @Sendable (RankGroup) throws -> Value
  ) throws -> [Result<Value, any Error>] {
    let port = try freePort()
    return run((0..<size).map { launch($0, size, port) }, silence: silence, body)
  }

  private static func run<Value: Sendable>(
    _ launches: [Launch], start: Duration = .seconds(20), silence: Duration = .seconds(20),
    exchange: Duration = .seconds(60), _ body: @escaping @Sendable (RankGroup) throws -> Value
  ) -> [Result<Value, any Error>] {
    RankThreads.run(
      launches, limits: .init(start: start, silence: silence, exchange: exchange), body)
  }

  private static func launch(_ rank: Int, _ size: Int, _ port: UInt16) -> Launch {
    Launch(rank: rank, size: size, address: "127.0.0.1", port: port)
  }

  @Test("Sums are the same bits on all ranks", arguments: [2, 3, 4])
  func sum(size: Int) throws {
    let count = 10_007
    let sums = try Self.run(size) { group in
      let values = try Generator(seed: UInt64(group.rank)).normal([count])
      try group.sum(values)
      try group.leave()
      return try values.floats()
    }.map { try $0.get() }
    #expect(sums.allSatisfy { $0 == sums[0] })
    let expected = try (0..<size).map { try Generator(seed: UInt64($0)).normal([count]).doubles() }
    for index in stride(from: 0, to: count, by: 97) {
      let sum = expected.reduce(0) { $0 + $1[index] }
      #expect(abs(Double(sums[0][index]) - sum) < 1e-5)
    }
  }

  @Test("Values, bytes and answers reach every rank")
  func values() throws {
    let results = try Self.run(3) { group in
      let names = try group.gather("rank \(group.rank)")
      let data = try group.broadcast(Data("from \(group.rank)".utf8), from: 2)
      let leader = try group.fromLeader { group.rank + 40 }
      let any = [try group.any(group.rank == 1), try group.any(false)]
      let empty = try group.broadcast(Data())
      try group.leave()
      return names + [
        String(decoding: data, as: UTF8.self), "\(leader)", "\(any)", "\(empty.count)",
      ]
    }
    for result in results {
      #expect(
        try result.get() == ["rank 0", "rank 1", "rank 2", "from 2", "40", "[true, false]", "0"])
    }
  }

  @Test("A rank that ends with an error ends the others with its sentence")
  func error() throws {
    let results =
      try Self.run(3) { group in
        if group.rank == 1 {
          group.leave(after: LaunchError.noNCCL)
          throw LaunchError.noNCCL
        }
        do {
          while true { _ = try group.any(false) }
        } catch {
          group.leave(after: error)
          throw error
        }
      } as [Result<Void, any Error>]
    for rank in [0, 2] {
      let error = #expect(throws: RankError.self) { try results[rank].get() }
      #expect(error?.description.contains("Rank 1 (") == true, "\(String(describing: error))")
      #expect(error?.description.contains("has ended: NCCL") == true)
    }
  }

  @Test("A rank that gives no sign of life is named")
  func silence() throws {
    let results =
      try Self.run(3, silence: .seconds(4)) { group in
        if group.rank == 2 { return }
        do {
          while true { _ = try group.any(false) }
        } catch {
          group.leave(after: error)
          throw error
        }
      } as [Result<Void, any Error>]
    for rank in [0, 1] {
      let error = #expect(throws: RankError.self) { try results[rank].get() }
      guard case .lost(let name, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(name.rank == 2)
    }
  }

  @Test("A rank that lives but does not come is named")
  func stuck() throws {
    let port = try freePort()
    let results =
      Self.run(
        (0..<2).map { Self.launch($0, 2, port) }, silence: .seconds(4), exchange: .seconds(2)
      ) { group in
        if group.rank == 1 {
          Thread.sleep(forTimeInterval: 16)
          return
        }
        do {
          _ = try group.any(false)
        } catch {
          group.leave(after: error)
          throw error
        }
      } as [Result<Void, any Error>]
    let error = #expect(throws: RankError.self) { try results[0].get() }
    guard case .stuck(let name) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(name.rank == 1)
  }

  @Test("A launcher that serves the store starts the ranks again after a failure")
  func attempts() throws {
    let port = try freePort()
    let store = try TCPStore(
      host: "127.0.0.1", port: port, serves: true, timeout: .seconds(10), prefix: "launcher")
    func attempt(_ number: Int, fails: Bool) -> [Result<Float, any Error>] {
      let launches = (0..<2).map { rank in
        var launch = Self.launch(rank, 2, port)
        (launch.attempt, launch.launcherServes) = ("\(number)", true)
        return launch
      }
      return Self.run(launches) { group in
        do {
          if fails, group.rank == 0 { throw LaunchError.noNCCL }
          let value = try Tensor([Float(group.rank + 1)], shape: [1])
          try group.sum(value)
          try group.leave()
          return try value.floats()[0]
        } catch {
          group.leave(after: error)
          throw error
        }
      }
    }
    for result in attempt(0, fails: true) {
      #expect(throws: (any Error).self) { try result.get() }
    }
    #expect(try attempt(1, fails: false).map { try $0.get() } == [3, 3])
    withExtendedLifetime(store) {}
  }

  @Test("A stop of one rank is seen by all")
  func stop() throws {
    let results = try Self.run(2) { group in
      if group.rank == 1 { group.requestStop() }
      let deadline = ContinuousClock.now + .seconds(10)
      while !group.isStopRequested, ContinuousClock.now < deadline {
        Thread.sleep(forTimeInterval: 0.05)
      }
      let seen = group.isStopRequested
      try group.leave()
      return seen
    }
    #expect(try results.map { try $0.get() } == [true, true])
  }

  @Test("A port that is taken, an address without rank 0, a missing rank, one number twice")
  func badLaunches() throws {
    let port = try freePort()
    func errors(_ launches: [Launch]) -> [RankError?] {
      Self.run(launches, start: .seconds(2)) { _ in }.map { result in
        if case .failure(let error) = result { return error as? RankError }
        return nil
      }
    }
    let taken = try ListeningSocket()
    if case .portTaken(let number, _)? = errors([Self.launch(0, 2, taken.port)])[0] {
      #expect(number == Int(taken.port))
    } else {
      Issue.record("a taken port gives another error")
    }
    #expect(
      errors([Self.launch(1, 2, port)])
        == [.unreachable(address: "127.0.0.1", port: Int(port), seconds: 2)])
    #expect(
      errors([Self.launch(0, 3, port), Self.launch(2, 3, port)])[0]
        == .missing(ranks: [1], size: 3, seconds: 2))
    let twice = errors([Self.launch(0, 3, port), Self.launch(1, 3, port), Self.launch(1, 3, port)])
    for error in twice {
      guard case .duplicate(let rank, let processes)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(rank == 1 && processes.count == 2)
    }
    let sizes = errors([Self.launch(0, 2, port), Self.launch(1, 3, port)])
    #expect(sizes.contains { if case .otherSize? = $0 { true } else { false } })
  }
}
