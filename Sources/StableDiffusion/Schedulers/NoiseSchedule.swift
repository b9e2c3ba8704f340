public import Torch

/// The forward process that a model was trained with (Ho et al. 2020; diffusers `DDPMScheduler`).
///
/// The values are computed in the float32 steps that diffusers takes: those of SDXL are its own to
/// the bit.
public struct NoiseSchedule: Sendable {
  /// How much of the clean sample is left at each timestep: the cumulative product of 1 - beta.
  public let alphasCumprod: [Float]
  /// What the model predicts.
  public let predictionType: PredictionType

  /// The schedule that a scheduler's configuration describes.
  public init(_ configuration: SchedulerConfiguration) {
    let betas = Self.betas(configuration)
    let rescaled = configuration.rescaleBetasZeroSnr ? Self.rescaledToZeroSNR(betas) : betas
    alphasCumprod = Self.cumulativeProduct(rescaled.map { 1 - $0 })
    predictionType = configuration.predictionType
  }

  /// The number of training timesteps.
  public var count: Int { alphasCumprod.count }

  /// `sqrt(a) sample + sqrt(1 - a) noise` at one timestep for each of the `B` samples
  /// `[B, C, H, W]`.
  public func addNoise(
    to sample: Tensor, noise: Tensor, timesteps: [Int]
  ) throws(TorchError) -> Tensor {
    let (signal, sigma) = try scales(timesteps, like: sample)
    return try signal * sample + sigma * noise
  }

  /// `sqrt(a) noise - sqrt(1 - a) sample`, the target of v-prediction (Salimans & Ho 2022).
  public func velocity(
    of sample: Tensor, noise: Tensor, timesteps: [Int]
  ) throws(TorchError) -> Tensor {
    let (signal, sigma) = try scales(timesteps, like: sample)
    return try signal * noise - sigma * sample
  }

  /// What the model should predict, `[B, C, H, W]`.
  public func target(
    of sample: Tensor, noise: Tensor, timesteps: [Int]
  ) throws(TorchError) -> Tensor {
    switch predictionType {
    case .epsilon: noise
    case .vPrediction: try velocity(of: sample, noise: noise, timesteps: timesteps)
    case .sample: sample
    }
  }

  /// The signal-to-noise ratio `a / (1 - a)` at a timestep.
  public func snr(_ timestep: Int) -> Float {
    let alpha = alphasCumprod[timestep].squareRoot()
    let sigma = (1 - alphasCumprod[timestep]).squareRoot()
    return (alpha / sigma) * (alpha / sigma)
  }

  /// The loss weight that treats every timestep as having at most the signal-to-noise ratio
  /// `gamma` (min-SNR, Hang et al. 2023, with the weight of each prediction type).
  public func minSNRWeight(_ timestep: Int, gamma: Float) -> Float {
    let snr = snr(timestep)
    return switch predictionType {
    case .epsilon: min(1, gamma / snr)
    case .vPrediction: min(snr, gamma) / (snr + 1)
    case .sample: min(snr, gamma)
    }
  }

  /// `sqrt(a)` and `sqrt(1 - a)` as `[B, 1, 1, 1]`, in float32 until the last cast.
  private func scales(
    _ timesteps: [Int], like sample: Tensor
  ) throws(TorchError) -> (signal: Tensor, sigma: Tensor) {
    let shape = [timesteps.count] + Array(repeating: 1, count: sample.shape.count - 1)
    let alphas = timesteps.map { alphasCumprod[$0] }
    let signal = try Tensor(alphas.map { $0.squareRoot() }, shape: shape)
    let sigma = try Tensor(alphas.map { (1 - $0).squareRoot() }, shape: shape)
    return try (
      signal.to(sample.dtype).to(sample.device), sigma.to(sample.dtype).to(sample.device)
    )
  }
}
