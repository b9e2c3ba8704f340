import Files
import Foundation

/// A file of a checkpoint, in memory.
struct CheckpointFile: Sendable {
  let name: String
  /// Writes and syncs it.
  let write: @Sendable (URL) throws -> Void
}

/// Everything that a checkpoint holds, copied at one moment between two steps, so that training can
/// continue while it is written. The next one is only made once this one is written: both use the same
/// memory.
struct CheckpointContents: Sendable {
  let state: TrainingState
  /// The parts, and then the state.
  let files: [CheckpointFile]

  /// Copies the parts. Throws `TorchError`.
  init(_ state: TrainingState, parts: [CheckpointPart]) throws {
    self.state = state
    files =
      try parts.map { try $0.copy() } + [
        CheckpointFile(name: CheckpointFolder.stateName) { url in
          try DurableFile.write(CheckpointFolder.encode(state), to: url)
        }
      ]
  }
}
