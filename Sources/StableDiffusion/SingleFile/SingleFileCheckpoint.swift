import Foundation
import NN
import Torch

/// A whole model in one safetensors file, in the layout of SDXL's original implementation
/// (Stability-AI/generative-models): UNet, text encoders and autoencoder by prefix.
struct SingleFileCheckpoint {
  static let unet = "model.diffusion_model."
  static let vae = "first_stage_model."
  static let firstEncoder = "conditioner.embedders.0.transformer."
  static let refinerEncoder = "conditioner.embedders.0.model."
  static let secondEncoder = "conditioner.embedders.1.model."
  /// Tensors that such files may hold besides: buffers of the training, and CLIP's temperature.
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
  /// Empty tensors that mark how a model was trained, as in ComfyUI.
  static let velocity = "v_pred"
  static let zeroTerminalSNR = "ztsnr"

  let url: URL
  /// Whether it is SDXL's refiner, which has only the second text encoder.
  let isRefiner: Bool

  private let source: WeightSource
  private let isVelocity: Bool
  private let isZeroTerminalSNR: Bool

  /// Opens a file. Throws `ModelError` for another architecture, and `WeightsError` for a damaged
  /// file or one with unexpected tensors.
  init(_ url: URL) throws {
    self.url = url
    let file = try WeightSource(file: url)
    source = file.without(file.names.filter(Self.isExtra))
    isRefiner = file.names.contains { $0.hasPrefix(Self.refinerEncoder) }
    isVelocity = file.names.contains(Self.velocity)
    isZeroTerminalSNR = file.names.contains(Self.zeroTerminalSNR)
    if let content = WeightsContent(file.names), content != .model {
      throw notSDXL("it is \(content)")
    }
    for part in [Self.unet, Self.vae] where !source.names.contains(where: { $0.hasPrefix(part) }) {
      throw notSDXL("it contains no \(part)*")
    }
    guard isRefiner || source.names.contains(where: { $0.hasPrefix(Self.secondEncoder) }) else {
      throw notSDXL("it does not contain the text encoders of SDXL")
    }
    let encoders = isRefiner ? [Self.refinerEncoder] : [Self.firstEncoder, Self.secondEncoder]
    let known = [Self.unet, Self.vae] + encoders
    let unexpected = source.names.filter { name in !known.contains { name.hasPrefix($0) } }
    guard unexpected.isEmpty else {
      throw WeightsError.mismatch(
        file: url.relativePath, missing: [], unexpected: unexpected.sorted(), misshapen: [])
    }
  }

  /// The folder of configurations for a file: `model.config` beside `model.safetensors`, in
  /// diffusers' layout without the weights.
  static func configurations(of file: URL) -> URL {
    file.deletingPathExtension().appendingPathExtension("config")
  }

  /// The noise schedule of the training, with SDXL's published sampler.
  var scheduler: SchedulerConfiguration {
    var scheduler = SchedulerConfiguration()
    scheduler.betaStart = 0.00085
    scheduler.betaEnd = 0.012
    scheduler.betaSchedule = .scaledLinear
    scheduler.timestepSpacing = .leading
    scheduler.stepsOffset = 1
    if isVelocity { scheduler.predictionType = .vPrediction }
    if isVelocity && isZeroTerminalSNR { scheduler.useZeroTerminalSNR() }
    return scheduler
  }

  /// The UNet's sizes.
  func unet(pooled: Int) throws -> UNetConfiguration {
    try UNetConfiguration(
      SizesOfWeights(source.below(Self.unet)), pooled: pooled, addedSizes: isRefiner ? 5 : 6)
  }

  /// The weights of a UNet of these sizes, under the model's names.
  func unetWeights(_ unet: UNetConfiguration) -> WeightSource {
    let names = OriginalUNetNames(unet)
    let paths = Dictionary(
      UNet2DConditionModel(unet).parameters().map { (names.name(of: $0.path), $0.path) },
      uniquingKeysWith: { first, _ in first })
    return source.below(Self.unet).mapped { [(paths[$0, default: $0], .whole)] }
  }

  /// The weights of the autoencoder, under the model's names.
  var vaeWeights: WeightSource { source.below(Self.vae).namedAsVAE() }

  /// The weights of the first text encoder, under the model's names; none in a refiner.
  var textEncoderWeights: WeightSource {
    isRefiner ? source.below("text_encoder/") : source.below(Self.firstEncoder)
  }

  /// The weights of the second text encoder, under the model's names.
  var textEncoder2Weights: WeightSource {
    source.below(isRefiner ? Self.refinerEncoder : Self.secondEncoder)
      .mapped(OriginalTextNames.weights)
  }

  private static func isExtra(_ name: String) -> Bool {
    extras.contains(name) || extraBeginnings.contains { name.hasPrefix($0) }
      || extraEndings.contains { name.hasSuffix($0) }
  }

  private func notSDXL(_ problem: String) -> ModelError {
    .invalid(
      path: url.relativePath, problem: problem,
      advice:
        "choose an SDXL checkpoint with all parts in the original layout, or a folder in "
        + "diffusers' layout")
  }
}
