package import Foundation
import NN

/// What a folder or file of weights can be used as.
package enum ModelKind: String, Codable, Sendable {
  /// A base model, which draws from noise.
  case base
  /// A refiner, which improves the latents of a base.
  case refiner
  /// An autoencoder that replaces a model's own.
  case vae

  /// The kind of a folder in diffusers' layout or of a single file; nil for anything else.
  package init?(at url: URL) {
    do {
      if ModelDirectory.isModelFile(url) {
        self = try SingleFileCheckpoint(url).isRefiner ? .refiner : .base
      } else if ModelDirectory.isModel(at: url) {
        let index: ModelIndex = try ConfigurationFile.decode(
          from: ModelDirectory.indexFile(in: url))
        self = index.isRefiner ? .refiner : .base
      } else {
        let file = url.appending(path: "config.json")
        let name: ClassName = try ConfigurationFile.decode(from: file)
        guard name._className == "AutoencoderKL" else { return nil }
        self = .vae
      }
    } catch {
      return nil
    }
  }

  private struct ClassName: Decodable {
    let _className: String?
  }

  /// Checks the names and shapes of all weights against the configurations, and reads the tokenizers.
  /// Reads no weights. Throws `ModelError`, `WeightsError`.
  package func check(_ url: URL) throws {
    guard self != .vae else {
      let vae = try SeparateVAE(url)
      return try AutoencoderKL(vae.configuration).check(vae.weights())
    }
    let model = try ModelDirectory(url, as: self == .base ? .base : .refiner)
    try model.checkWeights()
    _ = try model.loadPromptTokenizer()
  }

  /// Checks that a folder with only the configurations describes such a model. Throws `ModelError`.
  package func checkDescription(in url: URL) throws {
    guard self != .vae else { return }
    let file = ModelDirectory.indexFile(in: url)
    let index: ModelIndex = try ConfigurationFile.decode(from: file)
    let role: ModelDirectory.Role = self == .base ? .base : .refiner
    if let error = index.error(as: role, path: file.relativePath) { throw error }
  }
}
