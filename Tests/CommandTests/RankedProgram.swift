import Foundation
import TestSupport

/// The program as several ranks, started as a launcher does.
final class RankedProgram {
  let ranks: [RunningProgram]

  /// Starts all ranks on this machine.
  ///
  /// - Parameter folders: The folder of each rank, or one for all.
  init(
    _ size: Int, _ arguments: [String], in folders: [URL], environment: [String: String] = [:]
  ) throws {
    let port = try freePort()
    ranks = try (0..<size).map { rank in
      try Program.start(
        arguments, in: folders[min(rank, folders.count - 1)],
        environment: Self.variables(rank, size, port).merging(environment) { $1 })
    }
  }

  /// Takes over processes that were started elsewhere.
  init(_ ranks: [RunningProgram]) { self.ranks = ranks }

  /// The variables of a launcher.
  static func variables(
    _ rank: Int, _ size: Int, _ port: UInt16, address: String = "127.0.0.1"
  ) -> [String: String] {
    [
      "RANK": "\(rank)", "WORLD_SIZE": "\(size)", "MASTER_ADDR": address,
      "MASTER_PORT": "\(port)",
    ]
  }

  /// Waits for the end of all ranks.
  func wait() throws -> [Program.Outcome] { try ranks.map { try $0.wait() } }
}
