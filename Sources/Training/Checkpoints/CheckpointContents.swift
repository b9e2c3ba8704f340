import Files
import Foundation

/// A file of a checkpoint, before it is written.
struct CheckpointFile: Sendable {
  let name: String
  /// Writes the file to a URL and syncs it.
  let write: @Sendable (URL) throws -> Void
}

/// The contents of a checkpoint, copied between two steps, so that training continues while they
/// are written. The next copy must wait until this one is written, because both use the same
/// memory.
struct CheckpointContents: Sendable {
  let state: TrainingState
  /// The files of the parts, then that of the state.
  let files: [CheckpointFile]

  /// Copies the parts. Throws `TorchError`.
  init(_ state: TrainingState, parts: [CheckpointPart]) throws {
    self.state = state
    files =
      try parts.map { try $0.copy(state) } + [
        CheckpointFile(name: CheckpointFolder.stateName) { url in
          try DurableFile.write(CheckpointFolder.encode(state), to: url)
        }
      ]
  }
}
