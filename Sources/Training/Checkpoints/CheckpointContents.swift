import Files
import Foundation

/// A file of a checkpoint, before it is written: its name, and a function that writes it to a URL and
/// syncs it.
typealias CheckpointFile = (name: String, write: (URL) throws -> Void)

/// The contents of a checkpoint, copied between two steps, so that training continues while they
/// are written. The next copy must wait until this one is written, because both use the same
/// memory.
struct CheckpointContents: Sendable {
  let state: TrainingState
  /// The files of the parts.
  let files: [(name: String, write: @Sendable (URL) throws -> Void)]

  /// Copies the parts. Throws `TorchError`.
  init(_ state: TrainingState, parts: [CheckpointPart]) throws {
    self.state = state
    files = try parts.map { try $0.copy(state) }
  }
}
