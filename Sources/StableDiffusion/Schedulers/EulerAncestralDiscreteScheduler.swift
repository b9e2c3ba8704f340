public import Torch

/// Euler steps to below the next noise level, with new noise added up to it (Song et al. 2021;
/// diffusers `EulerAncestralDiscreteScheduler`). Ignores Karras levels and ends without noise.
public struct EulerAncestralDiscreteScheduler: Scheduler {
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
    var configuration = configuration
    configuration.useKarrasSigmas = false
    configuration.finalSigmasType = .zero
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

  /// One Euler step in float32, and new noise in the type of the prediction.
  public func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor {
    let (from, to) = (sigmas[index], sigmas[index + 1])
    let (from2, to2) = (from * from, to * to)
    let up = (to2 * (from2 - to2) / from2).squareRoot()
    let down = (to2 - up * up).squareRoot()
    let sample = try sample.to(.float32)
    let clean = try predictionType.clean(from: modelOutput, sample: sample, sigma: from)
    let derivative = try (sample - clean) / Double(from)
    let stepped = try sample + derivative * Double(down - from)
    return try (stepped + generator.normal(like: modelOutput) * Double(up)).to(modelOutput.dtype)
  }
}
