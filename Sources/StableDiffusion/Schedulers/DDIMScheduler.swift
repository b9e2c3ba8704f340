public import Torch

/// Deterministic steps between noise levels (Song et al. 2021, with eta 0; diffusers
/// `DDIMScheduler`).
public struct DDIMScheduler: Scheduler {
  /// The UNet's timestep at each step.
  public let timesteps: [Float]
  private let visited: [Int]
  private let stride: Int
  private let alphas: [Float]
  private let configuration: SchedulerConfiguration

  /// The sampler for `steps` steps. Throws `SchedulerError` unless `steps` is in
  /// `1...numTrainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    try SchedulerError.check(steps, limit: configuration.numTrainTimesteps)
    visited = try SpacedTimesteps.whole(configuration, steps: steps)
    timesteps = visited.map { Float($0) }
    stride = configuration.numTrainTimesteps / steps
    alphas = NoiseSchedule(configuration).alphasCumprod
    self.configuration = configuration
  }

  /// The square roots of the cumulative alpha and of 1 minus it.
  public func scales(at index: Int) -> (signal: Float, noise: Float) {
    let alpha = alphas.cumulative(at: visited[index])
    return (alpha.squareRoot(), (1 - alpha).squareRoot())
  }

  /// One step, in the type of the latent.
  public func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor {
    let (signal, sigma) = scales(at: index)
    let previous = visited[index] - stride
    let final = configuration.setAlphaToOne ? 1 : alphas[0]
    let alpha = previous >= 0 ? alphas[previous] : final
    let clean = try configuration.predictionType.clean(
      from: modelOutput, sample: sample, alpha: signal, sigma: sigma)
    let noise = try noise(modelOutput, sample: sample, clean: clean, signal, sigma)
    let direction = try noise * Double((1 - alpha).squareRoot())
    return try configuration.clipped(clean) * Double(alpha.squareRoot()) + direction
  }

  /// The noise that a prediction implies, from the clean sample before clipping.
  private func noise(
    _ modelOutput: Tensor, sample: Tensor, clean: Tensor, _ signal: Float, _ sigma: Float
  ) throws(TorchError) -> Tensor {
    switch configuration.predictionType {
    case .epsilon: modelOutput
    case .vPrediction: try modelOutput * Double(signal) + sample * Double(sigma)
    case .sample: try (sample - clean * Double(signal)) / Double(sigma)
    }
  }
}

extension [Float] {
  /// The cumulative alpha of a timestep. -1, which `trailing` spacing may contain, is the last one,
  /// as in Python.
  func cumulative(at timestep: Int) -> Float { self[timestep < 0 ? count + timestep : timestep] }
}
