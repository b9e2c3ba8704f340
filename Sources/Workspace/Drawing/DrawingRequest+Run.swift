package import Drawing
import Files
import Foundation
import RunLog
import Training

extension RunLibrary {
  /// Adds the adapter of a run's checkpoint to a request, and the run's base model if the request names
  /// none.
  ///
  /// - Returns: a note if the newest checkpoint is missing and an older one is used; else nil.
  /// - Throws: `RunError`, `RunLogError`, `CheckpointError`.
  package func add(
    _ reference: CheckpointReference, strength: Double = 1, to request: inout DrawingRequest
  ) throws -> String? {
    let run = try run(reference.run)
    let (checkpoint, note) = try checkpoint(reference.step, of: run)
    if !request.gives(\.$model) { request.set(\.$model, to: run.model) }
    let adapter = AdapterChoice(
      path: checkpoint.adapter.relativePath, strength: strength,
      name: "\(run.subject)@\(checkpoint.step)")
    request.set(\.$loras, to: request.options.loras + [adapter])
    return note
  }

  /// A note if the base model that is drawn with is not the one that a run was trained on; nil if it is.
  /// Throws errors of the files.
  ///
  /// - Parameter tools: have hashed the model and saved the hashes.
  package func note(
    on tools: DrawingTools, for reference: CheckpointReference
  ) throws -> String? {
    try note(
      on: tools.model, for: run(reference.run), step: reference.step,
      hashes: FileHashes(in: project.caches))
  }
}
