package import NN
package import Torch

/// A model whose parts are loaded from its files when they are needed. Every picture of this
/// package is sampled and decoded by one.
package final class LoadedModel {
  let directory: ModelDirectory
  let dtype: DType
  let device: Device

  private let storage: WeightStorage
  private let residency: Residency
  private let recordsPredictions: Bool
  private(set) var adapters: AdapterSet
  private(set) var embeddings: [TextualInversion]
  private var encoderPart = LoadedPart<PromptEncoder>()
  private var unetPart = LoadedPart<UNet2DConditionModel>()
  private var vaePart = LoadedPart<AutoencoderKL>()

  /// - Parameters:
  ///   - unet: a UNet that is already in memory, with its adapters; nil loads the model's own.
  ///   - adapters: adapters for the loaded parts, on `device`.
  ///   - embeddings: words of prompts that stand for vectors.
  ///   - storage: how the weights of a loaded UNet's blocks are kept.
  ///   - recordsPredictions: whether the UNet's predictions are recorded and repeated, unless its weights
  ///     are offloaded; nil: on a GPU.
  package init(
    _ directory: ModelDirectory, unet: UNet2DConditionModel? = nil, adapters: AdapterSet = .none,
    embeddings: [TextualInversion] = [],
    dtype: DType = .float32, device: Device = .cpu, storage: WeightStorage = .resident,
    residency: Residency = .oneAtATime, recordsPredictions: Bool? = nil
  ) {
    self.storage = storage
    self.directory = directory
    self.adapters = adapters
    self.embeddings = embeddings
    self.dtype = dtype
    self.device = device
    self.residency = residency
    self.recordsPredictions = recordsPredictions ?? device.isCUDA
    if let unet { unetPart = LoadedPart(unet) }
  }

  /// Draws latents with the UNet, which stays in memory while the result exists.
  ///
  /// - Parameter scheduler: the sampler; nil for that of the model's files.
  package func sampler(_ scheduler: SchedulerConfiguration? = nil) throws -> LatentSampler {
    let unet = try unet()
    return LatentSampler(
      unet: unet, scheduler: scheduler ?? directory.scheduler, scale: directory.vae.scale,
      recordsPredictions: recordsPredictions && !unet.isOffloaded)
  }

  /// Decodes latents with the VAE, in float32 if it overflows in `dtype`. The VAE stays in memory
  /// while the result exists.
  package func decoder(
    tiling: VAETiling = .automatic, tileSize: Int? = nil,
    note: @escaping (DrawingNote) -> Void = { _ in }
  ) throws -> LatentDecoder {
    LatentDecoder(
      vae: try vae(), tiling: tiling, tileSize: tileSize, inFloat32: vaeInFloat32, note: note)
  }

  /// Whether parts stay in memory from their first use on.
  var keepsParts: Bool { residency == .everything }

  /// The number of parts in memory, held by this model or by others.
  var partsInMemory: Int {
    [encoderPart.isInMemory, unetPart.isInMemory, vaePart.isInMemory].count { $0 }
  }

  package func setAdapters(_ adapters: AdapterSet) throws {
    self.adapters = adapters
    try encoderPart.inMemory?.attach(adapters)
    if let unet = unetPart.inMemory { try adapters.attach(to: unet, as: .unet) }
  }

  package func setEmbeddings(_ embeddings: [TextualInversion]) throws {
    self.embeddings = embeddings
    try encoderPart.inMemory?.setEmbeddings(embeddings)
  }

  package func promptEncoder() throws -> PromptEncoder {
    try encoderPart.get(keep: keepsParts) {
      let encoder = try directory.loadPromptEncoder(dtype: dtype, device: device)
      try encoder.attach(adapters)
      if !embeddings.isEmpty { try encoder.setEmbeddings(embeddings) }
      return encoder
    }
  }

  func unet() throws -> UNet2DConditionModel {
    try unetPart.get(keep: keepsParts) {
      let unet = try directory.loadUNet(dtype: dtype, device: device, storage: storage)
      if !device.isCUDA { try unet.setChannelsLast() }
      try adapters.attach(to: unet, as: .unet)
      return unet
    }
  }

  func vae() throws -> AutoencoderKL {
    try vaePart.get(keep: keepsParts) {
      try loadVAE(dtype: dtype)
    }
  }

  private func loadVAE(dtype: DType) throws -> AutoencoderKL {
    let vae = try directory.loadVAE(dtype: dtype, device: device)
    if !device.isCUDA { try vae.setChannelsLast() }
    return vae
  }

  /// The VAE for encoding: in float32 if it overflows in half precision, as in diffusers.
  func encodingVAE() throws -> AutoencoderKL {
    dtype != .float32 && directory.vae.forceUpcast ? try vaeInFloat32() : try vae()
  }

  /// The VAE in float32, loaded for each call.
  func vaeInFloat32() throws -> AutoencoderKL {
    try loadVAE(dtype: .float32)
  }
}

/// How long the parts of a model stay in memory.
public enum Residency: Sendable {
  /// Only while they run, so that one part is in memory at a time: text encoders, UNet of the base,
  /// UNet of the refiner, VAE.
  case oneAtATime
  /// From their first use on, so that the next drawing loads nothing.
  case everything
}

/// A part of a model, held strongly or only weakly.
private struct LoadedPart<Model: AnyObject> {
  private var kept: Model?
  private(set) weak var inMemory: Model?

  init() {}

  /// A part that is already loaded, held strongly.
  init(_ model: Model) {
    kept = model
    inMemory = model
  }

  var isInMemory: Bool { inMemory != nil }

  mutating func get(keep: Bool, _ load: () throws -> Model) rethrows -> Model {
    let model = try inMemory ?? load()
    inMemory = model
    if keep { kept = model }
    return model
  }
}
