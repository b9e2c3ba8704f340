public import Foundation
import NN

extension ModelDirectory {
  /// Opens a folder, or one `.safetensors` file in the original layout.
  ///
  /// The sizes of a file's parts come from its weights. Everything else takes SDXL's published
  /// values, and the tokenizers are built in. A folder `model.config` beside `model.safetensors`,
  /// in diffusers' layout without the weights, replaces all of this.
  ///
  /// Throws `ModelError` for a missing file, for a configuration that cannot be used, for a model
  /// of the other role, and for components that do not fit each other; `WeightsError` for weights
  /// that are missing, damaged or unexpected.
  public init(_ url: URL, as role: Role = .base) throws {
    guard Self.isModelFile(url) else {
      try self.init(at: url, describedIn: url, as: role)
      return
    }
    let configurations = SingleFileCheckpoint.configurations(of: url)
    if FileManager.default.fileExists(atPath: configurations.path) {
      try self.init(at: url, describedIn: configurations, as: role)
    } else {
      try self.init(singleFile: SingleFileCheckpoint(url), as: role)
    }
  }

  /// The same model with another VAE: a folder in diffusers' layout, or one file in either naming.
  /// Throws `ModelError`, `WeightsError`.
  public func replacingVAE(with url: URL) throws -> ModelDirectory {
    var model = self
    let separate = try SeparateVAE(url)
    model.separateVAE = separate
    model.vae = separate.configuration
    try model.checkFit()
    return model
  }

  /// Whether a single file of this model's weights gives this model without a folder of
  /// configurations. Whether the VAE runs in float32 and the size of its training images change
  /// nothing that it computes. Throws `WeightsError`.
  func hasSizes(ofFile url: URL) throws -> Bool {
    let file: ModelDirectory
    do {
      file = try ModelDirectory(singleFile: SingleFileCheckpoint(url), as: role)
    } catch is ModelError {
      return false
    }
    var vae = file.vae
    vae.forceUpcast = self.vae.forceUpcast
    vae.sampleSize = self.vae.sampleSize
    return file.unet == unet && vae == self.vae && file.textEncoder == textEncoder?.withEndToken
      && file.textEncoder2 == textEncoder2.withEndToken
  }

  private init(singleFile file: SingleFileCheckpoint, as role: Role) throws {
    let path = file.url.relativePath
    if file.isRefiner && role == .base { throw ModelError.refinerAsBase(path: path) }
    if !file.isRefiner && role == .refiner { throw ModelError.baseAsRefiner(path: path) }
    url = file.url
    configurations = nil
    textEncoder =
      role == .base ? try CLIPTextConfiguration(SizesOfWeights(file.textEncoderWeights)) : nil
    textEncoder2 = try CLIPTextConfiguration(SizesOfWeights(file.textEncoder2Weights))
    unet = try file.unet(pooled: textEncoder2.projectionDim)
    vae = try VAEConfiguration(SizesOfWeights(file.vaeWeights))
    scheduler = file.scheduler
    forceZerosForEmptyPrompt = role == .base
    requiresAestheticsScore = role == .refiner
    try checkFit()
  }
}

extension CLIPTextConfiguration {
  /// The same encoder with the end token as in older configurations, if it is the largest token.
  fileprivate var withEndToken: CLIPTextConfiguration {
    var configuration = self
    if eosTokenId == vocabSize - 1 { configuration.eosTokenId = 2 }
    return configuration
  }
}
