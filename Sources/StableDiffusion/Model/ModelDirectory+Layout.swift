public import Foundation
package import NN

/// The places of the files in an SDXL model. Only `ModelDirectory` knows them.
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

    /// The name of the file with a part's weights, without its extension.
    var weightsName: String {
      [.unet, .vae].contains(self) ? "diffusion_pytorch_model" : "model"
    }
  }

  /// Whether a folder contains `model_index.json`, or a file is named like a model.
  public static func isModel(at url: URL) -> Bool {
    FileManager.default.fileExists(atPath: indexFile(in: url).path) || isModelFile(url)
  }

  /// Whether a file of this name exists and ends in `.safetensors`.
  static func isModelFile(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return url.pathExtension == fileExtension
      && FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }

  /// The file name extension of a single-file model.
  public static var fileExtension: String { "safetensors" }

  /// The folder of a component's configuration, and of its weights if the model is a folder.
  func folder(of component: Component) -> URL {
    (configurations ?? url).appending(path: component.rawValue)
  }

  /// Whether all weights are in one file.
  var isSingleFile: Bool { configurations != url }

  /// The file that lists the class of each component.
  static func indexFile(in url: URL) -> URL { url.appending(path: "model_index.json") }

  /// The file with a component's sizes and switches.
  static func configurationFile(of component: Component, in url: URL) -> URL {
    url.appending(path: "\(component.rawValue)/\(component.configurationFile)")
  }

  /// The weights of a UNet or VAE under the model's names: in one file or in shards, in full
  /// precision or else in the fp16 variant. Throws `WeightsError`.
  func weights(of component: Component) throws -> WeightSource {
    if component == .vae, let separateVAE { return try separateVAE.weights() }
    if isSingleFile {
      let file = try SingleFileCheckpoint(url)
      return component == .vae ? file.vaeWeights : file.unetWeights(unet)
    }
    let source = try WeightSource(
      directory: folder(of: component), name: component.weightsName)
    return component == .vae ? source.namedAsVAE() : source
  }

  /// The weights of any part that has some, under the model's names. Throws `WeightsError`.
  package func weightSource(of component: Component) throws -> WeightSource {
    try [.unet, .vae].contains(component) ? weights(of: component) : textWeights(of: component)
  }

  /// The weights of a text encoder. Older programs also wrote the buffer `position_ids`; newer ones
  /// omit the first encoder's prefix `text_model.`.
  func textWeights(of component: Component) throws -> WeightSource {
    if isSingleFile {
      let file = try SingleFileCheckpoint(url)
      return component == .textEncoder ? file.textEncoderWeights : file.textEncoder2Weights
    }
    return try WeightSource(directory: folder(of: component), name: component.weightsName)
      .renamed { $0.hasPrefix("text_") ? $0 : "text_model.\($0)" }
      .without(["text_model.embeddings.position_ids"])
  }
}
