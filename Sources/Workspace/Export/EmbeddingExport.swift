package import Files
package import Foundation
import NN
import StableDiffusion
package import Training

/// The export of the embedding of a checkpoint, whose file other programs read as it is.
package struct EmbeddingExport {
  /// The word in prompts, which other programs take from the name of the file.
  package let word: String
  private let file: URL

  /// nil if the checkpoint has no embedding. Throws `WeightsError`.
  package init?(_ checkpoint: CheckpointFolder) throws {
    guard let file = checkpoint.embedding, let word = try TextualInversion.word(in: file) else {
      return nil
    }
    (self.word, self.file) = (word, file)
  }

  /// The file beside an exported adapter: named by the word, or with an ending if the adapter has that name.
  package func place(beside adapter: URL) -> URL {
    let folder = adapter.deletingLastPathComponent()
    let own = folder.appending(path: "\(word).safetensors")
    return own.path == adapter.path
      ? folder.appending(path: "\(word)-embedding.safetensors") : own
  }

  /// Writes the file. Throws `FileAccessError`.
  package func write(to url: URL) throws(FileAccessError) {
    do {
      try DurableFile.replace(url, with: Data(contentsOf: file))
    } catch let error as FileAccessError {
      throw error
    } catch {
      throw .unreadable(file: file.relativePath, reason: error.reason)
    }
  }
}
