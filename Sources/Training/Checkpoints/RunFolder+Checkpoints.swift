import Files
import Foundation
import Torch

extension RunFolder {
  /// All checkpoints, the newest first, without checking them.
  public var checkpoints: [CheckpointFolder] {
    url.entryNames.compactMap { name in
      Self.step(inName: name).map {
        CheckpointFolder(url: url.appending(path: name), step: $0)
      }
    }.sorted { $0.step > $1.step }
  }

  /// The newest intact checkpoint, and the damage of those newer than it, a sentence each.
  public func newestCheckpoint() -> (checkpoint: CheckpointFolder?, problems: [String]) {
    var problems: [String] = []
    for checkpoint in checkpoints {
      do {
        _ = try checkpoint.verify()
        return (checkpoint, problems)
      } catch {
        problems.append("\(error)")
      }
    }
    return (nil, problems)
  }

  /// The checkpoint of a step, or the newest, after checking it. Throws `CheckpointError`.
  public func checkpoint(step: Int?) throws -> CheckpointFolder {
    let existing = checkpoints
    guard let found = existing.first(where: { step == nil || $0.step == step }) else {
      throw CheckpointError.noSuchStep(
        step ?? 0, run: url.relativePath, existing: existing.map(\.step).sorted())
    }
    _ = try found.verify()
    return found
  }
}
