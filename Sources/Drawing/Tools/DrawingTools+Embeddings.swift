import Files
import Foundation
package import StableDiffusion

extension DrawingTools {
  /// Reads the files of embeddings for a base model. Throws `DrawingRequestError` for a missing file,
  /// `TextualInversionError`, `WeightsError`, `ModelError`.
  static func read(
    _ choices: [EmbeddingChoice], for model: ModelDirectory
  ) throws -> [TextualInversion] {
    guard !choices.isEmpty else { return [] }
    let tokenizer = try model.loadPromptTokenizer()
    return try choices.map { choice in
      let file = URL(filePath: choice.path)
      guard FileManager.default.fileExists(atPath: choice.path) else {
        if let error = FileAccessError.danglingLink(file) { throw error }
        throw DrawingRequestError.missingEmbedding(choice.path)
      }
      try tokenizer.check(choice.word)
      return try TextualInversion(contentsOf: file, for: model, word: choice.word)
    }
  }

  /// A note on each embedding whose word no prompt of some series contains.
  package func embeddingNotes(_ series: [PictureSeries]) -> [DrawingNote] {
    guard !sources.embeddings.isEmpty else { return [] }
    let prompts = Set(series.flatMap { [$0.prompt, $0.negative ?? ""] })
    return sources.embeddings.filter { embedding in
      !prompts.contains { TextualInversion.isWord(embedding.name, in: $0) }
    }.map { .unusedEmbedding($0.name, file: $0.path) }
  }
}
