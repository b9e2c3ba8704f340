import Files
import Foundation
import Torch

/// The meeting of all ranks at the store of rank 0, before they exchange tensors.
enum Rendezvous {
  /// What a rank says of itself.
  private struct Entry: Codable {
    var name: RankName
    var size: Int
  }

  /// Connects to the store, which rank 0 serves. Throws `RankError.portTaken`, `RankError.unreachable`.
  static func open(_ launch: Launch, _ time: Duration) throws(RankError) -> TCPStore {
    let serves = launch.rank == 0 && !launch.launcherServes
    let port = Int(launch.port)
    let deadline = ContinuousClock.now + time
    while true {
      do {
        return try TCPStore(
          host: launch.address, port: launch.port, serves: serves,
          // An attempt takes up to twice as long.
          timeout: serves ? time : min(time, .seconds(2)),
          // A launcher's store still has the keys of earlier attempts.
          prefix: launch.attempt.map { "lora-train \($0)" } ?? "lora-train")
      } catch {
        if serves { throw .portTaken(port: port, reason: error.message) }
        guard ContinuousClock.now < deadline else {
          throw .unreachable(
            address: launch.address, port: port, seconds: Int(time / .seconds(1)))
        }
      }
    }
  }

  /// Waits for all ranks. Throws `RankError` if some do not come, two have the same number, or one expects another
  /// number of ranks.
  ///
  /// - Returns: All ranks, in their order.
  static func meet(_ launch: Launch, _ store: TCPStore, _ time: Duration) throws -> [RankName] {
    let own = Entry(
      name: RankName(rank: launch.rank, host: CurrentProcess.host, process: CurrentProcess.pid),
      size: launch.size)
    let place = try store.add("count/\(launch.rank)", 1)
    try store.set(
      "rank/\(launch.rank)/\(place)", to: Array(try JSONEncoder().encode(own)))
    func entry(_ rank: Int, _ place: Int) throws -> Entry? {
      try store.value("rank/\(rank)/\(place)").map {
        try JSONDecoder().decode(Entry.self, from: Data($0))
      }
    }
    let deadline = ContinuousClock.now + time
    var entries: [Int: Entry] = [:]
    while entries.count < launch.size {
      for rank in 0..<launch.size {
        // Another process with a number may come after the first.
        if let second = try entry(rank, 2) {
          let processes = [try entry(rank, 1), second].compactMap { $0?.name }
          throw RankError.duplicate(
            rank: rank, processes: processes.map { "process \($0.process) on \($0.host)" })
        }
        guard entries[rank] == nil, let found = try entry(rank, 1) else { continue }
        guard found.size == launch.size else {
          throw RankError.otherSize(rank: found.name, size: found.size, own: launch.size)
        }
        entries[rank] = found
      }
      guard entries.count < launch.size else { break }
      guard ContinuousClock.now < deadline else {
        throw RankError.missing(
          ranks: (0..<launch.size).filter { entries[$0] == nil }, size: launch.size,
          seconds: Int(time / .seconds(1)))
      }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return (0..<launch.size).compactMap { entries[$0]?.name }
  }
}
