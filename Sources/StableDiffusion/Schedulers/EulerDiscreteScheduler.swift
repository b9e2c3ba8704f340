public import Torch

/// Euler steps along the probability-flow equation (Karras et al. 2022, algorithm 2 without churn;
/// diffusers `EulerDiscreteScheduler`).
public struct EulerDiscreteScheduler: Scheduler {
  /// The UNet's timestep at each step.
  public let timesteps: [Float]
  /// The noise level at each step, and after the last one.
  public let sigmas: [Float]
  /// The standard deviation of the initial noise.
  public let initNoiseSigma: Float
  private let predictionType: PredictionType

  /// The sampler for so many steps. Throws `SchedulerError` unless `steps` is in `1...numTrainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    guard (1...configuration.numTrainTimesteps).contains(steps) else {
      throw .steps(steps, limit: configuration.numTrainTimesteps)
    }
    let levels = NoiseLevels(configuration, steps: steps)
    timesteps = levels.timesteps.map { Float($0) }
    sigmas = levels.sigmas.map { Float($0) }
    predictionType = configuration.predictionType
    let largest = sigmas.reduce(0, max)
    initNoiseSigma =
      configuration.timestepSpacing == .leading ? (largest * largest + 1).squareRoot() : largest
  }

  /// The latent divided by the standard deviation that it has at the step.
  public func scaleModelInput(_ sample: Tensor, at index: Int) throws(TorchError) -> Tensor {
    try sample / Double((sigmas[index] * sigmas[index] + 1).squareRoot())
  }

  /// One Euler step, in float32.
  public func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor
  ) throws(TorchError) -> Tensor {
    let sigma = sigmas[index]
    let sample = try sample.to(.float32)
    let denoised = try denoised(modelOutput, sigma: sigma, sample: sample)
    let derivative = try (sample - denoised) / Double(sigma)
    return try (sample + derivative * Double(sigmas[index + 1] - sigma)).to(modelOutput.dtype)
  }

  /// The clean sample that the prediction implies.
  private func denoised(
    _ modelOutput: Tensor, sigma: Float, sample: Tensor
  ) throws(TorchError) -> Tensor {
    switch predictionType {
    case .epsilon:
      return try sample - modelOutput * Double(sigma)
    case .vPrediction:
      let variance = sigma * sigma + 1
      let scaled = try modelOutput * Double(-sigma / variance.squareRoot())
      return try scaled + sample / Double(variance)
    case .sample:
      return modelOutput
    }
  }
}
