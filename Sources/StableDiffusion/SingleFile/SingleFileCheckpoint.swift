import Foundation
import NN
import Torch

/// A whole model in one safetensors file, laid out as SDXL's original implementation saves it
/// (Stability-AI/generative-models): UNet, text encoders and autoencoder by prefix.
struct SingleFileCheckpoint {
  private static let unet = "model.diffusion_model."
  private static let vae = "first_stage_model."
  private static let firstEncoder = "conditioner.embedders.0.transformer."
  private static let refinerEncoder = "conditioner.embedders.0.model."
  private static let secondEncoder = "conditioner.embedders.1.model."
  /// What such files hold besides: buffers of the training, and CLIP's temperature.
  private static let extraBeginnings = ["model_ema.", "denoiser.", "first_stage_model.loss."]
  private static let extraEndings = [
    ".position_ids", ".logit_scale", "embedders.0.transformer.text_projection.weight",
  ]
  private static let extras: Set<String> = [
    "alphas_cumprod", "alphas_cumprod_prev", "betas", "log_one_minus_alphas_cumprod",
    "logvar", "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2",
    "posterior_variance", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
    "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", velocity, zeroTerminalSNR,
  ]
  /// Empty tensors by which a file says how its model was trained, as ComfyUI reads them.
  private static let velocity = "v_pred"
  private static let zeroTerminalSNR = "ztsnr"

  let url: URL
  /// Whether it is SDXL's refiner, which has the second text encoder alone.
  let isRefiner: Bool

  private let source: WeightSource
  private let isVelocity: Bool
  private let isZeroTerminalSNR: Bool

  /// Opens a file. Throws `ModelError` for one of another architecture, and `WeightsError` for one
  /// that is not whole or holds more than such a model.
  init(_ url: URL) throws {
    self.url = url
    let file = try WeightSource(file: url)
    source = file.without(file.names.filter(Self.isExtra))
    isRefiner = file.names.contains { $0.hasPrefix(Self.refinerEncoder) }
    isVelocity = file.names.contains(Self.velocity)
    isZeroTerminalSNR = file.names.contains(Self.zeroTerminalSNR)
    for part in [Self.unet, Self.vae] where !source.names.contains(where: { $0.hasPrefix(part) }) {
      throw notSDXL("it holds no \(part)*")
    }
    guard isRefiner || source.names.contains(where: { $0.hasPrefix(Self.secondEncoder) }) else {
      throw notSDXL("it does not hold the text encoders of SDXL")
    }
    let known = [Self.unet, Self.vae] + encoders.map(\.prefix)
    let unexpected = source.names.filter { name in !known.contains { name.hasPrefix($0) } }
    guard unexpected.isEmpty else {
      throw WeightsError.mismatch(
        file: url.relativePath, missing: [], unexpected: unexpected.sorted(), misshapen: [])
    }
  }

  /// Where configurations are looked for that the weights do not say: `model.config` beside
  /// `model.safetensors`, laid out as diffusers' folder without the weights.
  static func configurations(of file: URL) -> URL {
    file.deletingPathExtension().appendingPathExtension("config")
  }

  /// The noise that the model was trained with, and SDXL's published sampler.
  var scheduler: SchedulerConfiguration {
    var scheduler = SchedulerConfiguration()
    scheduler.betaStart = 0.00085
    scheduler.betaEnd = 0.012
    scheduler.betaSchedule = .scaledLinear
    scheduler.timestepSpacing = .leading
    scheduler.stepsOffset = 1
    if isVelocity { scheduler.predictionType = .vPrediction }
    if isVelocity && isZeroTerminalSNR {
      // Only trailing spacing visits the last timestep, which is pure noise (Lin et al. 2023).
      scheduler.rescaleBetasZeroSnr = true
      scheduler.timestepSpacing = .trailing
      scheduler.stepsOffset = 0
    }
    return scheduler
  }

  /// The UNet's sizes.
  func unet(pooled: Int) throws -> UNetConfiguration {
    try UNetConfiguration(
      SizesOfWeights(source.below(Self.unet)), pooled: pooled, addedSizes: isRefiner ? 5 : 6)
  }

  /// The weights of the UNet, the autoencoder or a text encoder under the names that the models
  /// have.
  ///
  /// - Parameter unet: the UNet's sizes.
  func weights(of component: ModelDirectory.Component, unet: UNetConfiguration) -> WeightSource {
    switch component {
    case .unet:
      let names = OriginalUNetNames(unet)
      let paths = Dictionary(
        UNet2DConditionModel(unet).parameters().map { (names.name(of: $0.path), $0.path) },
        uniquingKeysWith: { first, _ in first })
      return source.below(Self.unet).mapped { [(paths[$0, default: $0], .whole)] }
    case .vae: return source.below(Self.vae).namedAsVAE()
    default: return textWeights(of: component)
    }
  }

  /// The weights of a text encoder under the names that the models have; none where there is no such
  /// encoder.
  func textWeights(of component: ModelDirectory.Component) -> WeightSource {
    guard let encoder = encoders.first(where: { $0.component == component }) else {
      return source.below("\(component.rawValue)/")
    }
    let weights = source.below(encoder.prefix)
    return component == .textEncoder ? weights : weights.mapped(OriginalTextNames.weights)
  }

  private var encoders: [(component: ModelDirectory.Component, prefix: String)] {
    isRefiner
      ? [(.textEncoder2, Self.refinerEncoder)]
      : [(.textEncoder, Self.firstEncoder), (.textEncoder2, Self.secondEncoder)]
  }

  private static func isExtra(_ name: String) -> Bool {
    extras.contains(name) || extraBeginnings.contains { name.hasPrefix($0) }
      || extraEndings.contains { name.hasSuffix($0) }
  }

  private func notSDXL(_ problem: String) -> ModelError {
    .invalid(
      path: url.relativePath, problem: problem,
      advice:
        "choose a checkpoint of SDXL with all its parts in the original layout, or a folder as "
        + "diffusers saves it")
  }
}
