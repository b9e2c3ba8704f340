public import Foundation
public import NN
public import Torch

/// An SDXL model: a folder in diffusers' layout, or one file in the original layout. It is a base
/// model or a refiner, which has no first text encoder.
///
/// Opening one reads its configurations and the headers of its weights. A network built from a
/// configuration alone, such as `UNet2DConditionModel(directory.unet)`, has no weights in memory.
public struct ModelDirectory: Sendable {
  /// The two uses of a model.
  public enum Role: Sendable {
    /// A base model, which draws from noise.
    case base
    /// A refiner, which improves the latents of a base (Podell et al. 2023, section 2.5).
    case refiner
  }

  /// The folder with `model_index.json`, or the file.
  public let url: URL
  /// The folder of the configurations and tokenizers: the model's own, or the one beside a
  /// single-file model; nil for a single file without one.
  let configurations: URL?
  /// `unet/config.json`.
  public let unet: UNetConfiguration
  /// `vae/config.json`.
  public internal(set) var vae: VAEConfiguration
  /// The VAE that replaces the model's own.
  var separateVAE: SeparateVAE?
  /// `text_encoder/config.json`; nil for a refiner.
  public let textEncoder: CLIPTextConfiguration?
  /// `text_encoder_2/config.json`.
  public let textEncoder2: CLIPTextConfiguration
  /// `scheduler/scheduler_config.json`.
  public let scheduler: SchedulerConfiguration
  /// Whether the model was trained with zeros for no prompt.
  public let forceZerosForEmptyPrompt: Bool
  /// Whether an aesthetic score conditions the UNet instead of the target size, as in SDXL's
  /// refiner.
  public let requiresAestheticsScore: Bool

  /// Opens the model at `place`, with the configurations in the folder `url`.
  init(at place: URL, describedIn url: URL, as role: Role) throws {
    self.url = place
    configurations = url
    let indexFile = Self.indexFile(in: url)
    let index = try ConfigurationFile.decode(ModelIndex.self, from: indexFile)
    if let error = index.error(as: role, path: indexFile.relativePath) { throw error }
    forceZerosForEmptyPrompt = index.forceZerosForEmptyPrompt ?? true
    requiresAestheticsScore = index.requiresAestheticsScore ?? false
    unet = try Self.configuration(.unet, in: url)
    vae = try Self.configuration(.vae, in: url)
    textEncoder = role == .base ? try Self.configuration(.textEncoder, in: url) : nil
    textEncoder2 = try Self.configuration(.textEncoder2, in: url)
    scheduler = try Self.configuration(.scheduler, in: url)
    try checkFit()
    for component in [Component.unet, .vae] { _ = try weights(of: component) }
    if role == .base { _ = try textWeights(of: .textEncoder) }
    _ = try textWeights(of: .textEncoder2)
  }

  /// The side of the square images that the model was trained on, in pixels.
  public var resolution: Int { (unet.sampleSize ?? 128) * vae.scale }

  /// Base or refiner.
  public var role: Role { textEncoder == nil ? .refiner : .base }

  /// Loads the UNet, its weights cast to `dtype`.
  ///
  /// - Parameter storage: how the weights of its blocks are kept.
  public func loadUNet(
    dtype: DType = .float32, device: Device = .cpu, storage: WeightStorage = .resident
  ) throws -> UNet2DConditionModel {
    let model = UNet2DConditionModel(unet)
    let source = try weights(of: .unet)
    let stored = model.storedWeights(as: storage).map(\.parameter)
    try model.load(from: source, dtype: dtype, device: device, except: stored)
    if !stored.isEmpty {
      try model.storeBlockWeights(as: storage, from: source, dtype: dtype, device: device)
    }
    return model
  }

  /// Keeps the weights of the blocks of a loaded UNet in another form. Throws `WeightsError`,
  /// `TorchError`.
  package func storeBlockWeights(
    of model: UNet2DConditionModel, as storage: WeightStorage, dtype: DType, device: Device
  ) throws {
    try model.storeBlockWeights(
      as: storage, from: weights(of: .unet), dtype: dtype, device: device)
  }

  /// Loads the autoencoder; in float32 if `dtype` is float16 and the model overflows in it.
  public func loadVAE(dtype: DType = .float32, device: Device = .cpu) throws -> AutoencoderKL {
    let dtype = dtype == .float16 && vae.forceUpcast ? .float32 : dtype
    return try load(AutoencoderKL(vae), from: weights(of: .vae), dtype, device)
  }

  /// Loads the first text encoder. Throws `ModelError` for a refiner, which has none.
  public func loadTextEncoder(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> CLIPTextModel {
    guard let textEncoder else {
      throw ModelError.missing(
        path: folder(of: .textEncoder).relativePath, advice: "choose an SDXL base model")
    }
    return try load(CLIPTextModel(textEncoder), from: textWeights(of: .textEncoder), dtype, device)
  }

  /// Loads the second text encoder.
  public func loadTextEncoder2(
    dtype: DType = .float32, device: Device = .cpu
  ) throws -> CLIPTextModelWithProjection {
    try load(
      CLIPTextModelWithProjection(textEncoder2), from: textWeights(of: .textEncoder2), dtype, device
    )
  }

  /// Loads the tokenizer of the first text encoder.
  public func loadTokenizer() throws(ModelError) -> CLIPTokenizer {
    try configurations == nil
      ? CLIPTokenizer(builtInPaddingWith: "<|endoftext|>")
      : CLIPTokenizer(directory: folder(of: .tokenizer))
  }

  /// Loads the tokenizer of the second text encoder, which pads differently.
  public func loadTokenizer2() throws(ModelError) -> CLIPTokenizer {
    try configurations == nil
      ? CLIPTokenizer(builtInPaddingWith: "!") : CLIPTokenizer(directory: folder(of: .tokenizer2))
  }

  /// Loads both tokenizers, or a refiner's single one.
  public func loadPromptTokenizer() throws(ModelError) -> PromptTokenizer {
    let second = try loadTokenizer2()
    return textEncoder == nil
      ? PromptTokenizer(second) : PromptTokenizer(try loadTokenizer(), second)
  }

  /// Loads all text encoders, and the tokenizers unless they are given.
  public func loadPromptEncoder(
    tokenizer: PromptTokenizer? = nil, dtype: DType = .float32, device: Device = .cpu
  ) throws -> PromptEncoder {
    PromptEncoder(
      tokenizer: try tokenizer ?? loadPromptTokenizer(),
      textEncoder: try textEncoder.map { _ in try loadTextEncoder(dtype: dtype, device: device) },
      textEncoder2: try loadTextEncoder2(dtype: dtype, device: device),
      forceZerosForEmptyPrompt: forceZerosForEmptyPrompt)
  }

  /// Loads the weights of a model; missing and unexpected weights throw.
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
