public import Torch

/// The reverse of the training noise, with new noise in each step (Ho et al. 2020, algorithm 2;
/// diffusers `DDPMScheduler`).
public struct DDPMScheduler: Scheduler {
  /// The UNet's timestep at each step.
  public let timesteps: [Float]
  private let visited: [Int]
  private let alphas: [Float]
  private let configuration: SchedulerConfiguration

  /// The sampler for `steps` steps. Throws `SchedulerError` unless `steps` is in
  /// `1...numTrainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    try SchedulerError.check(steps, limit: configuration.numTrainTimesteps)
    visited = try SpacedTimesteps.whole(configuration, steps: steps)
    timesteps = visited.map { Float($0) }
    alphas = NoiseSchedule(configuration).alphasCumprod
    self.configuration = configuration
  }

  /// The square roots of the cumulative alpha and of 1 minus it.
  public func scales(at index: Int) -> (signal: Float, noise: Float) {
    let alpha = alphas.cumulative(at: visited[index])
    return (alpha.squareRoot(), (1 - alpha).squareRoot())
  }

  /// One step (equations 7 and 11), in the type of the latent.
  public func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor {
    let alpha = alphas.cumulative(at: visited[index])
    let next = index + 1 < visited.count ? visited[index + 1] : -1
    let previous = next >= 0 ? alphas[next] : 1
    let kept = alpha / previous
    let (signal, sigma) = scales(at: index)
    let clean = try configuration.clipped(
      configuration.predictionType.clean(
        from: modelOutput, sample: sample, alpha: signal, sigma: sigma))
    let cleanScale = previous.squareRoot() * (1 - kept) / (1 - alpha)
    let sampleScale = kept.squareRoot() * (1 - previous) / (1 - alpha)
    let mean = try clean * Double(cleanScale) + sample * Double(sampleScale)
    guard visited[index] > 0 else { return mean }
    let small = max((1 - previous) / (1 - alpha) * (1 - kept), 1e-20)
    let variance = configuration.varianceType == .fixedLarge ? 1 - kept : small
    let noise = try generator.normal(like: modelOutput)
    return try mean + noise * Double(variance.squareRoot())
  }
}
