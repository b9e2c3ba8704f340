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

  /// The sampler for `steps` steps. Throws `SchedulerError` unless `steps` is in
  /// `1...numTrainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    try SchedulerError.check(steps, limit: configuration.numTrainTimesteps)
    let levels = NoiseLevels(
      configuration, at: SpacedTimesteps.fractional(configuration, steps: steps), steps: steps,
      karras: .visited)
    timesteps = levels.timesteps.map { Float($0) }
    sigmas = levels.sigmas.map { Float($0) }
    initNoiseSigma = NoiseLevels.initNoiseSigma(sigmas, configuration.timestepSpacing)
    predictionType = configuration.predictionType
  }

  /// 1 for the clean latent, and the noise level for the noise.
  public func scales(at index: Int) -> (signal: Float, noise: Float) { (1, sigmas[index]) }

  /// The latent divided by the standard deviation that it has at the step.
  public func scaleModelInput(_ sample: Tensor, at index: Int) throws(TorchError) -> Tensor {
    try sample / Double((sigmas[index] * sigmas[index] + 1).squareRoot())
  }

  /// One Euler step, in float32.
  public func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor {
    let sigma = sigmas[index]
    let sample = try sample.to(.float32)
    let clean = try predictionType.clean(from: modelOutput, sample: sample, sigma: sigma)
    let derivative = try (sample - clean) / Double(sigma)
    return try (sample + derivative * Double(sigmas[index + 1] - sigma)).to(modelOutput.dtype)
  }
}
