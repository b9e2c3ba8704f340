public import Torch

/// Multistep consistency sampling for distilled models: predicts the clean latent, then adds new
/// noise of the next level (Luo et al. 2023; diffusers `LCMScheduler`).
public struct LCMScheduler: Scheduler {
  /// The UNet's timestep at each step, a subset of those that the model was distilled on.
  public let timesteps: [Float]
  private let visited: [Int]
  private let alphas: [Float]
  private let configuration: SchedulerConfiguration

  /// The sampler for `steps` steps. Throws `SchedulerError` unless `steps` is in
  /// `1...originalInferenceSteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    let count = configuration.numTrainTimesteps
    let original = min(configuration.originalInferenceSteps, count)
    try SchedulerError.check(steps, limit: original)
    let distilled = (1...original).reversed().map { $0 * (count / original) - 1 }
    let stride = Double(original) / Double(steps)
    visited = (0..<steps).map { distilled[Int(Double($0) * stride)] }
    timesteps = visited.map { Float($0) }
    alphas = NoiseSchedule(configuration).alphasCumprod
    self.configuration = configuration
  }

  /// The square roots of the cumulative alpha and of 1 minus it.
  public func scales(at index: Int) -> (signal: Float, noise: Float) {
    let alpha = alphas[visited[index]]
    return (alpha.squareRoot(), (1 - alpha).squareRoot())
  }

  /// One step, in the type of the latent.
  public func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor {
    let (signal, sigma) = scales(at: index)
    let clean = try configuration.clipped(
      configuration.predictionType.clean(
        from: modelOutput, sample: sample, alpha: signal, sigma: sigma))
    // The boundary condition: at timestep 0 the latent is the clean latent.
    let time = Float(visited[index]) * Float(configuration.timestepScaling)
    let deviation = time * time + 0.25
    let denoised =
      try clean * Double(time / deviation.squareRoot()) + sample * Double(0.25 / deviation)
    guard index + 1 < visited.count else { return denoised }
    return try addNoise(to: denoised, noise: generator.normal(like: denoised), at: index + 1)
  }
}
