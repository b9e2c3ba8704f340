package import Drawing
import Files
import Foundation
import RunLog
import StableDiffusion
import Training

extension CheckpointWeights {
  /// The end of the name of an adapter in records of pictures.
  var ending: String { self == .adapter ? "" : "-\(rawValue)" }
}

extension RunLibrary {
  /// Adds the adapter and the embedding of a run's checkpoint to a request, and the run's base model if the request names
  /// none.
  ///
  /// - Returns: a note if the newest checkpoint is missing and an older one is used; else nil.
  /// - Throws: `RunError`, `RunLogError`, `CheckpointError`.
  package func add(
    _ reference: CheckpointReference, strength: Double = 1, to request: inout DrawingRequest
  ) throws -> String? {
    let run = try run(reference.run)
    let (checkpoint, note) = try checkpoint(reference.step, of: run)
    if reference.weights != .adapter { try checkpoint.verify(reference.weights) }
    if !request.gives(\.$model) { request.set(\.$model, to: run.model) }
    let adapter = AdapterChoice(
      path: checkpoint.file(of: reference.weights).relativePath, strength: strength,
      name: "\(run.subject)@\(checkpoint.step)" + reference.weights.ending)
    if try checkpoint.hasAdapter() {
      request.set(\.$loras, to: request.options.loras + [adapter])
    }
    if let file = checkpoint.embedding {
      let embedding = EmbeddingChoice(
        path: file.relativePath, word: try TextualInversion.word(in: file))
      request.set(\.$embeddings, to: request.options.embeddings + [embedding])
    }
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
