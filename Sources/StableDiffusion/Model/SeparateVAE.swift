import Foundation
import NN

/// An autoencoder that replaces a model's own: a folder in diffusers' layout, or one file in the
/// original naming or diffusers'.
struct SeparateVAE: Sendable {
  private static let name = "diffusion_pytorch_model"

  let configuration: VAEConfiguration
  private let url: URL
  private let isFolder: Bool
  /// `config.json`, if there is one.
  private let configurationFile: URL?

  /// Opens a VAE, or the VAE in a model's folder. Throws `ModelError`, `WeightsError`.
  init(_ url: URL) throws {
    let files = FileManager.default
    let inModel = url.appending(path: ModelDirectory.Component.vae.rawValue)
    let place = files.fileExists(atPath: inModel.path) ? inModel : url
    var folder: ObjCBool = false
    guard files.fileExists(atPath: place.path, isDirectory: &folder) else {
      throw ModelError.missing(
        path: url.relativePath, advice: "give a VAE's folder in diffusers' layout, or its file")
    }
    isFolder = folder.boolValue
    self.url = place
    configurationFile =
      isFolder
      ? place.appending(path: "config.json")
      : Self.configurations(of: place).first { files.fileExists(atPath: $0.path) }
    let weights = try Self.weights(place, isFolder: isFolder)
    configuration =
      try configurationFile.map { try ConfigurationFile.decode(from: $0) }
      ?? VAEConfiguration(SizesOfWeights(weights))
  }

  /// The weights under diffusers' names. Throws `WeightsError`.
  func weights() throws -> WeightSource { try Self.weights(url, isFolder: isFolder) }

  /// The files that decide what it computes: weights and configuration.
  func files() throws -> [URL] { try weights().files + (configurationFile.map { [$0] } ?? []) }

  /// The possible places of a file's configuration: that of a single-file model, and for a file
  /// with diffusers' name also `config.json` beside it.
  private static func configurations(of file: URL) -> [URL] {
    let described = SingleFileCheckpoint.configurations(of: file).appending(path: "vae/config.json")
    guard file.lastPathComponent.hasPrefix(name) else { return [described] }
    return [described, file.deletingLastPathComponent().appending(path: "config.json")]
  }

  private static func weights(_ url: URL, isFolder: Bool) throws -> WeightSource {
    let source =
      isFolder ? try WeightSource(directory: url, name: name) : try WeightSource(file: url)
    if let content = WeightsContent(source.names), ![.vae, .model].contains(content) {
      throw ModelError.invalid(
        path: url.relativePath, problem: "it is \(content), not a VAE",
        advice: "give a VAE's folder in diffusers' layout, or its file")
    }
    let prefix = ["first_stage_model.", "vae."].first { prefix in
      source.names.contains { $0.hasPrefix(prefix) }
    }
    let own = prefix.map(source.below) ?? source
    let extras = own.names.filter { $0.hasPrefix("loss.") || $0.hasPrefix("model_ema.") }
    return own.without(extras).namedAsVAE()
  }
}
