import Foundation

@testable import Training

extension FuzzTarget {
  /// Files of run folders.
  static let runs = [state, checkpointManifest, history]

  private static let state = FuzzTarget("state") { bytes in
    let file = try Scratch.file("state", "state.json", bytes)
    let state = try CheckpointFolder(url: file.deletingLastPathComponent(), step: 4).state()
    _ = try CheckpointFolder.encode(state)
  }

  private static let checkpointManifest = FuzzTarget("checkpoint-manifest") { bytes in
    let target = "checkpoint-manifest"
    for name in ["adapter.safetensors", "state.json"] {
      _ = try Scratch.file(target, name, Data("a".utf8))
    }
    _ = try Scratch.file(target, "manifest.json", bytes)
    _ = try CheckpointFolder(url: Scratch.folder(target), step: 4).verify()
  }

  private static let history = FuzzTarget("history") { bytes in
    let file = try Scratch.file("history", "history.jsonl", bytes)
    let history = RunFolder(file.deletingLastPathComponent()).recordedHistory()
    for record in history.records { _ = try record.line }
  }
}
