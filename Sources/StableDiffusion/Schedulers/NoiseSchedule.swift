public import Torch

/// The noise schedule that a model was trained with (Ho et al. 2020; diffusers `DDPMScheduler`).
///
/// The values are computed in the float32 steps of diffusers; for SDXL they are bit-identical.
public struct NoiseSchedule: Sendable {
  /// The cumulative product of 1 - beta at each timestep: the clean sample's share of the variance.
  public let alphasCumprod: [Float]
  /// The quantity that the model predicts.
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
    try addNoise(to: sample, noise: noise, scales: scales(timesteps).like(sample))
  }

  /// The same with scales on the samples' device.
  public func addNoise(
    to sample: Tensor, noise: Tensor, scales: NoiseScales
  ) throws(TorchError) -> Tensor {
    try scales.signal * sample + scales.sigma * noise
  }

  /// `sqrt(a) noise - sqrt(1 - a) sample`, the target of v-prediction (Salimans & Ho 2022).
  public func velocity(
    of sample: Tensor, noise: Tensor, timesteps: [Int]
  ) throws(TorchError) -> Tensor {
    try velocity(of: sample, noise: noise, scales: scales(timesteps).like(sample))
  }

  /// The target of the model's prediction, `[B, C, H, W]`.
  public func target(
    of sample: Tensor, noise: Tensor, timesteps: [Int]
  ) throws(TorchError) -> Tensor {
    try target(of: sample, noise: noise, scales: scales(timesteps).like(sample))
  }

  /// The same with scales on the samples' device.
  public func target(
    of sample: Tensor, noise: Tensor, scales: NoiseScales
  ) throws(TorchError) -> Tensor {
    switch predictionType {
    case .epsilon: noise
    case .vPrediction: try velocity(of: sample, noise: noise, scales: scales)
    case .sample: sample
    }
  }

  /// The signal-to-noise ratio `a / (1 - a)` at a timestep.
  public func snr(_ timestep: Int) -> Float {
    let alpha = alphasCumprod[timestep].squareRoot()
    let sigma = (1 - alphasCumprod[timestep]).squareRoot()
    return (alpha / sigma) * (alpha / sigma)
  }

  /// The loss weight of a timestep that limits its signal-to-noise ratio to `gamma` (min-SNR, Hang
  /// et al. 2023), for the prediction type.
  public func minSNRWeight(_ timestep: Int, gamma: Float) -> Float {
    let snr = snr(timestep)
    return switch predictionType {
    case .epsilon: min(1, gamma / snr)
    case .vPrediction: min(snr, gamma) / (snr + 1)
    case .sample: min(snr, gamma)
    }
  }

  /// The factors on sample and noise at each timestep, on the CPU.
  public func scales(_ timesteps: [Int]) throws(TorchError) -> NoiseScales {
    let shape = [timesteps.count, 1, 1, 1]
    let alphas = timesteps.map { alphasCumprod[$0] }
    return NoiseScales(
      signal: try Tensor(alphas.map { $0.squareRoot() }, shape: shape),
      sigma: try Tensor(alphas.map { (1 - $0).squareRoot() }, shape: shape))
  }

  private func velocity(
    of sample: Tensor, noise: Tensor, scales: NoiseScales
  ) throws(TorchError) -> Tensor {
    try scales.signal * noise - scales.sigma * sample
  }
}

/// The factors on samples and noise at their timesteps.
public struct NoiseScales {
  /// `sqrt(a)`, float32 `[B, 1, 1, 1]`.
  public let signal: Tensor
  /// `sqrt(1 - a)`, float32 `[B, 1, 1, 1]`.
  public let sigma: Tensor

  /// Two tensors of one shape.
  public init(signal: Tensor, sigma: Tensor) {
    self.signal = signal
    self.sigma = sigma
  }

  /// The same in the type and on the device of samples.
  func like(_ sample: Tensor) throws(TorchError) -> NoiseScales {
    NoiseScales(
      signal: try signal.to(sample.dtype).to(sample.device),
      sigma: try sigma.to(sample.dtype).to(sample.device))
  }
}
