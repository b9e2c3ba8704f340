package import Drawing
import Files
package import Foundation
import StableDiffusion

extension BaseModels {
  /// Opens the models and adapters of drawing options. Throws `BaseModelError` and errors of the files.
  ///
  /// - Parameter caches: the cache folder.
  package func tools(_ options: DrawingOptions, caches: URL) throws -> DrawingTools {
    let name = try options.model ?? standardName()
    var options = options
    options.vae = options.vae.map(pathOfVAE)
    options.embeddings = options.embeddings.map(installed)
    return try DrawingTools(
      options, model: open(name), named: name,
      refiner: options.refiner.map { try open($0, as: .refiner) }, caches: caches,
      program: Version.current)
  }

  /// An embedding of the project's folder in place of its name; any other as it is.
  private func installed(_ choice: EmbeddingChoice) -> EmbeddingChoice {
    guard !choice.path.contains("/"), !FileManager.default.fileExists(atPath: choice.path) else {
      return choice
    }
    let names = [choice.path, "\(choice.path).safetensors"]
    let file = embeddingFolders.lazy.flatMap { folder in names.map { folder.appending(path: $0) } }
      .first { FileManager.default.fileExists(atPath: $0.path) }
    return file.map { EmbeddingChoice(path: $0.relativePath, word: choice.word) } ?? choice
  }
}
