public import Foundation
import NN
public import Torch

/// An SDXL model as diffusers saves it.
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
    let indexFile = Self.indexFile(in: url)
    let index = try ConfigurationFile.decode(ModelIndex.self, from: indexFile)
    if let problem = index.problem {
      throw ModelError.invalid(
        path: indexFile.relativePath, problem: problem, advice: "choose an SDXL base model")
    }
    forceZerosForEmptyPrompt = index.forceZerosForEmptyPrompt ?? true
    unet = try Self.configuration(.unet, in: url)
    vae = try Self.configuration(.vae, in: url)
    textEncoder = try Self.configuration(.textEncoder, in: url)
    textEncoder2 = try Self.configuration(.textEncoder2, in: url)
    scheduler = try Self.configuration(.scheduler, in: url)
    try checkFit()
    for component in [Component.unet, .vae] { _ = try weights(of: component) }
    for component in [Component.textEncoder, .textEncoder2] {
      _ = try textWeights(of: component)
    }
  }

  /// The UNet, its weights read as `dtype`.
  public func loadUNet(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> UNet2DConditionModel {
    try load(UNet2DConditionModel(unet), from: weights(of: .unet), dtype, device)
  }

  /// The autoencoder; in float32 where `dtype` is float16 and the model overflows in that.
  public func loadVAE(dtype: DType = .float32, device: Device = .cpu) throws -> AutoencoderKL {
    let dtype = dtype == .float16 && vae.forceUpcast ? .float32 : dtype
    return try load(AutoencoderKL(vae), from: weights(of: .vae), dtype, device)
  }

  /// The first text encoder.
  public func loadTextEncoder(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> CLIPTextModel {
    try load(CLIPTextModel(textEncoder), from: textWeights(of: .textEncoder), dtype, device)
  }

  /// The second text encoder.
  public func loadTextEncoder2(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> CLIPTextModelWithProjection {
    try load(
      CLIPTextModelWithProjection(textEncoder2), from: textWeights(of: .textEncoder2), dtype, device
    )
  }

  /// The tokenizer of the first text encoder.
  public func loadTokenizer() throws(ModelError) -> CLIPTokenizer {
    try CLIPTokenizer(directory: folder(of: .tokenizer))
  }

  /// The tokenizer of the second text encoder, which pads differently.
  public func loadTokenizer2() throws(ModelError) -> CLIPTokenizer {
    try CLIPTokenizer(directory: folder(of: .tokenizer2))
  }

  /// Both tokenizers.
  public func loadPromptTokenizer() throws(ModelError) -> PromptTokenizer {
    PromptTokenizer(try loadTokenizer(), try loadTokenizer2())
  }

  /// Both tokenizers, read here unless they are given, and text encoders.
  public func loadPromptEncoder(
    tokenizer: PromptTokenizer? = nil, dtype: DType = .float32, device: Device = .cpu
  ) throws -> PromptEncoder {
    PromptEncoder(
      tokenizer: try tokenizer ?? loadPromptTokenizer(),
      textEncoder: try loadTextEncoder(dtype: dtype, device: device),
      textEncoder2: try loadTextEncoder2(dtype: dtype, device: device),
      forceZerosForEmptyPrompt: forceZerosForEmptyPrompt)
  }

  /// Gives a model its weights, strictly.
  private func load<Model: Module>(
    _ model: Model, from source: WeightSource, _ dtype: DType, _ device: Device
  ) throws -> Model {
    try model.load(from: source, dtype: dtype, device: device)
    return model
  }

  private static func configuration<Configuration: Decodable>(
    _ component: Component, in url: URL
  ) throws(ModelError) -> Configuration {
    try ConfigurationFile.decode(from: configurationFile(of: component, in: url))
  }
}
