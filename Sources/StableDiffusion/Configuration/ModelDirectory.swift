public import Foundation
import NN
public import Torch

/// An SDXL model as diffusers saves it. Only this file knows how such a directory is laid out.
///
/// Opening one reads its configurations and the headers of its weights; a model built from a
/// configuration alone, as `UNet2DConditionModel(directory.unet)`, has the structure without the
/// memory.
public struct ModelDirectory: Sendable {
  /// The folder with `model_index.json`.
  public let url: URL
  /// `unet/config.json`.
  public let unet: UNetConfiguration
  /// `vae/config.json`.
  public let vae: VAEConfiguration
  /// `text_encoder/config.json`.
  public let textEncoder: CLIPTextConfiguration
  /// `text_encoder_2/config.json`.
  public let textEncoder2: CLIPTextConfiguration
  /// `scheduler/scheduler_config.json`.
  public let scheduler: SchedulerConfiguration
  /// Whether the model was trained to see zeros where there is no prompt.
  public let forceZerosForEmptyPrompt: Bool

  /// Opens a directory. Throws `ModelError` for a missing file, for a configuration that cannot be
  /// used and for components that do not fit each other, and `WeightsError` for weights that are
  /// missing or not whole.
  public init(_ url: URL) throws {
    self.url = url
    let indexFile = url.appending(path: "model_index.json")
    let index = try ConfigurationFile.decode(ModelIndex.self, from: indexFile)
    if let problem = index.problem {
      throw ModelError.invalid(
        path: indexFile.path, problem: problem, advice: "choose an SDXL base model")
    }
    forceZerosForEmptyPrompt = index.forceZerosForEmptyPrompt ?? true
    unet = try ConfigurationFile.decode(from: url.appending(path: "unet/config.json"))
    vae = try ConfigurationFile.decode(from: url.appending(path: "vae/config.json"))
    textEncoder = try ConfigurationFile.decode(
      from: url.appending(path: "text_encoder/config.json"))
    textEncoder2 = try ConfigurationFile.decode(
      from: url.appending(path: "text_encoder_2/config.json"))
    scheduler = try ConfigurationFile.decode(
      from: url.appending(path: "scheduler/scheduler_config.json"))
    try checkFit()
    for component in Component.allCases { _ = try weights(component) }
  }

  /// The UNet, its weights read as `dtype`.
  public func loadUNet(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> UNet2DConditionModel {
    try load(UNet2DConditionModel(unet), .unet, dtype, device)
  }

  /// The autoencoder; in float32 where `dtype` is float16 and the model overflows in that.
  public func loadVAE(dtype: DType = .float32, device: Device = .cpu) throws -> AutoencoderKL {
    let dtype = dtype == .float16 && vae.forceUpcast ? .float32 : dtype
    return try load(AutoencoderKL(vae), .vae, dtype, device)
  }

  /// The first text encoder.
  public func loadTextEncoder(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> CLIPTextModel {
    try load(CLIPTextModel(textEncoder), .textEncoder, dtype, device)
  }

  /// The second text encoder.
  public func loadTextEncoder2(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> CLIPTextModelWithProjection {
    try load(CLIPTextModelWithProjection(textEncoder2), .textEncoder2, dtype, device)
  }

  /// The tokenizer of the first text encoder.
  public func loadTokenizer() throws(ModelError) -> CLIPTokenizer {
    try CLIPTokenizer(directory: url.appending(path: "tokenizer"))
  }

  /// The tokenizer of the second text encoder, which pads differently.
  public func loadTokenizer2() throws(ModelError) -> CLIPTokenizer {
    try CLIPTokenizer(directory: url.appending(path: "tokenizer_2"))
  }

  /// Both tokenizers and text encoders.
  public func loadPromptEncoder(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> PromptEncoder {
    PromptEncoder(
      tokenizer: try loadTokenizer(),
      textEncoder: try loadTextEncoder(dtype: dtype, device: device),
      tokenizer2: try loadTokenizer2(),
      textEncoder2: try loadTextEncoder2(dtype: dtype, device: device),
      forceZerosForEmptyPrompt: forceZerosForEmptyPrompt)
  }

  /// The components that have weights, by their folders.
  enum Component: String, CaseIterable {
    case unet, vae
    case textEncoder = "text_encoder"
    case textEncoder2 = "text_encoder_2"
  }

  /// Gives a model its weights, strictly.
  private func load<Model: Module>(
    _ model: Model, _ component: Component, _ dtype: DType, _ device: Device
  ) throws -> Model {
    try model.load(from: weights(component), dtype: dtype, device: device)
    return model
  }

  /// A component's weights under the names that the models have: in one file or in shards, of full
  /// precision or, where that is absent, of the fp16 variant.
  func weights(_ component: Component) throws -> WeightSource {
    let folder = url.appending(path: component.rawValue)
    switch component {
    case .unet, .vae:
      return try WeightSource(directory: folder, name: "diffusion_pytorch_model")
    case .textEncoder, .textEncoder2:
      // Older programs also wrote the buffer `position_ids`, and newer ones leave out the first
      // encoder's prefix `text_model.`.
      return try WeightSource(directory: folder, name: "model")
        .renamed { $0.hasPrefix("text_") ? $0 : "text_model.\($0)" }
        .without(["text_model.embeddings.position_ids"])
    }
  }
}
