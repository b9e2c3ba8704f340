public import Foundation
import NN

extension ModelDirectory {
  /// The files that decide what a component computes, sorted by name: its weights in the loaded
  /// variant, its configuration, the tokenizer's files. For a single-file model this is that file,
  /// and none for the built-in tokenizers. Throws `ModelError`, `WeightsError`.
  public func files(of component: Component) throws -> [URL] {
    if component == .vae, let separateVAE { return try separateVAE.files() }
    if configurations == nil {
      return [.tokenizer, .tokenizer2].contains(component) ? [] : [url]
    }
    let folder = folder(of: component)
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw ModelError.missing(
        path: folder.relativePath, advice: "choose a complete diffusers model directory")
    }
    // Indexes are left out here: `weights` already contains that of the loaded variant.
    let described = names.filter { name in
      (name.hasSuffix(".json") || name.hasSuffix(".txt")) && !name.contains(".safetensors.index.")
    }
    let weights: [URL] =
      switch component {
      case .unet, .vae: try self.weights(of: component).files
      case .textEncoder, .textEncoder2: try textWeights(of: component).files
      case .tokenizer, .tokenizer2, .scheduler: []
      }
    return (weights + described.map { folder.appending(path: $0) }).sorted {
      $0.lastPathComponent < $1.lastPathComponent
    }
  }
}
