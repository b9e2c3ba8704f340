public import Foundation
import NN

/// Where the parts of an SDXL model are, which nothing but `ModelDirectory` knows.
extension ModelDirectory {
  /// The parts of a model, by the names of their folders.
  public enum Component: String, CaseIterable, Sendable {
    case unet, vae
    case textEncoder = "text_encoder"
    case textEncoder2 = "text_encoder_2"
    case tokenizer
    case tokenizer2 = "tokenizer_2"
    case scheduler

    /// The file that describes a part with weights, or the scheduler.
    fileprivate var configurationFile: String {
      self == .scheduler ? "scheduler_config.json" : "config.json"
    }
  }

  /// Whether a folder says that it is a model, whole or not, or a file is named as one.
  public static func isModel(at url: URL) -> Bool {
    FileManager.default.fileExists(atPath: indexFile(in: url).path) || isModelFile(url)
  }

  /// Whether there is a file, named as safetensors are.
  static func isModelFile(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return url.pathExtension == fileExtension
      && FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }

  /// How the name of a model of one file ends.
  public static var fileExtension: String { "safetensors" }

  /// The folder of a component's configuration, and of its weights where the model is a folder.
  func folder(of component: Component) -> URL {
    (configurations ?? url).appending(path: component.rawValue)
  }

  /// Whether all weights are in one file.
  var isSingleFile: Bool { configurations != url }

  /// What says which class each component is of.
  static func indexFile(in url: URL) -> URL { url.appending(path: "model_index.json") }

  /// A component's sizes and switches.
  static func configurationFile(of component: Component, in url: URL) -> URL {
    url.appending(path: "\(component.rawValue)/\(component.configurationFile)")
  }

  /// The weights of a UNet or VAE under the names that the models have: in one file or in shards, of
  /// full precision or, where that is absent, of the fp16 variant. Throws `WeightsError`.
  func weights(of component: Component) throws -> WeightSource {
    if component == .vae, let separateVAE { return try separateVAE.weights() }
    if isSingleFile {
      return try SingleFileCheckpoint(url).weights(of: component, unet: unet)
    }
    let source = try WeightSource(
      directory: folder(of: component), name: "diffusion_pytorch_model")
    return component == .vae ? source.namedAsVAE() : source
  }

  /// As `weights(of:)`, of a text encoder. Older programs also wrote the buffer `position_ids`, and
  /// newer ones leave out the first encoder's prefix `text_model.`.
  func textWeights(of component: Component) throws -> WeightSource {
    if isSingleFile { return try SingleFileCheckpoint(url).textWeights(of: component) }
    return try WeightSource(directory: folder(of: component), name: "model")
      .renamed { $0.hasPrefix("text_") ? $0 : "text_model.\($0)" }
      .without(["text_model.embeddings.position_ids"])
  }
}
