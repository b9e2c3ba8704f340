public import Foundation
import NN

/// How diffusers lays out the directory of an SDXL model, which nothing but `ModelDirectory` knows.
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

  /// Whether a folder says that it is a model, whole or not.
  public static func isModel(at url: URL) -> Bool {
    FileManager.default.fileExists(atPath: indexFile(in: url).path)
  }

  /// A component's folder.
  func folder(of component: Component) -> URL {
    url.appending(path: component.rawValue)
  }

  /// What says which class each component is of.
  static func indexFile(in url: URL) -> URL { url.appending(path: "model_index.json") }

  /// A component's sizes and switches.
  static func configurationFile(of component: Component, in url: URL) -> URL {
    url.appending(path: "\(component.rawValue)/\(component.configurationFile)")
  }

  /// The weights of a UNet or VAE under the names that the models have: in one file or in shards, of
  /// full precision or, where that is absent, of the fp16 variant. Throws `WeightsError`.
  func weights(of component: Component) throws -> WeightSource {
    try WeightSource(directory: folder(of: component), name: "diffusion_pytorch_model")
  }

  /// As `weights(of:)`, of a text encoder. Older programs also wrote the buffer `position_ids`, and
  /// newer ones leave out the first encoder's prefix `text_model.`.
  func textWeights(of component: Component) throws -> WeightSource {
    try WeightSource(directory: folder(of: component), name: "model")
      .renamed { $0.hasPrefix("text_") ? $0 : "text_model.\($0)" }
      .without(["text_model.embeddings.position_ids"])
  }
}
