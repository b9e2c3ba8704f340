public import Torch

/// Heun's method of second order: an Euler step, and a correction with the slope at its end (Karras
/// et al. 2022, algorithm 1; diffusers `HeunDiscreteScheduler`). Takes two predictions for each
/// step but the last. Ignores zero terminal SNR.
public struct HeunDiscreteScheduler: Scheduler {
  /// The UNet's timestep for each prediction: all but the first twice.
  public let timesteps: [Float]
  /// The noise level at each of the timesteps, and after the last one.
  public let sigmas: [Float]
  /// The standard deviation of the initial noise.
  public let initNoiseSigma: Float
  /// Two predictions in a step.
  public let order = 2
  private let configuration: SchedulerConfiguration
  private var started: Started?

  /// The result of a step's Euler half, for the correction.
  private struct Started {
    let sample: Tensor
    let derivative: Tensor
    let change: Float
  }

  /// The sampler for `steps` steps. Throws `SchedulerError` unless `steps` is in
  /// `1...numTrainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    try SchedulerError.check(steps, limit: configuration.numTrainTimesteps)
    var configuration = configuration
    configuration.rescaleBetasZeroSnr = false
    configuration.finalSigmasType = .zero
    let levels = NoiseLevels(
      configuration, at: SpacedTimesteps.fractional(configuration, steps: steps), steps: steps,
      karras: .visited)
    timesteps = Self.twice(levels.timesteps)
    sigmas = Self.twice(levels.sigmas.dropLast()) + [0]
    initNoiseSigma = NoiseLevels.initNoiseSigma(sigmas, configuration.timestepSpacing)
    self.configuration = configuration
  }

  /// 1 for the clean latent, and the noise level for the noise.
  public func scales(at index: Int) -> (signal: Float, noise: Float) { (1, sigmas[index]) }

  /// The latent divided by the standard deviation that it has at the index.
  public func scaleModelInput(_ sample: Tensor, at index: Int) throws(TorchError) -> Tensor {
    try sample / Double((sigmas[index] * sigmas[index] + 1).squareRoot())
  }

  /// Half a step: Euler's, or the correction of the one before.
  public mutating func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor {
    let sigma = sigmas[index]
    let clean = try configuration.clipped(
      configuration.predictionType.clean(from: modelOutput, sample: sample, sigma: sigma))
    let derivative = try (sample - clean) / Double(sigma)
    if let first = started {
      started = nil
      let mean = try (first.derivative + derivative) / 2
      return try first.sample + mean * Double(first.change)
    }
    let change = sigmas[index + 1] - sigma
    started = Started(sample: sample, derivative: derivative, change: change)
    return try sample + derivative * Double(change)
  }

  private static func twice(_ values: [Double]) -> [Float] {
    [Float(values[0])] + values.dropFirst().flatMap { [Float($0), Float($0)] }
  }
}
