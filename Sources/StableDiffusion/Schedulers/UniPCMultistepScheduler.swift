public import Torch

/// UniPC: an exponential integrator that corrects each latent with the prediction made from it
/// (Zhao et al. 2023, with data prediction; diffusers `UniPCMultistepScheduler`).
public struct UniPCMultistepScheduler: Scheduler {
  /// The UNet's timestep at each step.
  public let timesteps: [Float]
  /// The noise level at each step, and after the last one.
  public let sigmas: [Float]
  private let configuration: SchedulerConfiguration
  /// The clean latents of the last steps, the newest last, at most as many as the order.
  private var history: [Tensor] = []
  private var last: Last?

  /// The latent that the next step corrects.
  private struct Last {
    let sample: Tensor
    let order: Int
  }

  /// The sampler for `steps` steps. Throws `SchedulerError` unless `steps` is in
  /// `1...numTrainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    try SchedulerError.check(steps, limit: configuration.numTrainTimesteps)
    let spaced = SpacedTimesteps.multistep(
      configuration, below: configuration.numTrainTimesteps, steps: steps)
    let levels = NoiseLevels(configuration, at: spaced, steps: steps, karras: .trained)
    try levels.checkDistinct()
    timesteps = levels.timesteps.map { Float($0.rounded(.toNearestOrEven)) }
    var sigmas = levels.sigmas.map { Float($0) }
    if configuration.useKarrasSigmas, configuration.finalSigmasType == .sigmaMin {
      sigmas[sigmas.count - 1] = sigmas[sigmas.count - 2]
    }
    self.sigmas = sigmas
    self.configuration = configuration
  }

  /// The factors on the clean latent and on the noise at the level.
  public func scales(at index: Int) -> (signal: Float, noise: Float) {
    let level = SignalLevel(sigma: sigmas[index])
    return (level.alpha, level.sigma)
  }

  /// Corrects the latent of the step before, then predicts the next one, in the type of the latent.
  public mutating func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor {
    let level = SignalLevel(sigma: sigmas[index])
    let clean = try configuration.predictionType.clean(
      from: modelOutput, sample: sample, alpha: level.alpha, sigma: level.sigma)
    var sample = sample
    if let last, !configuration.disableCorrector.contains(index - 1) {
      sample = try update(to: index, order: last.order)
        .corrected(last.sample, history: history, clean: clean)
    }
    history = Array((history + [clean]).suffix(configuration.solverOrder))
    let left = configuration.lowerOrderFinal ? timesteps.count - index : configuration.solverOrder
    let order = min(history.count, left)
    last = Last(sample: sample, order: order)
    return try update(to: index + 1, order: order).predicted(sample, history: history)
  }

  /// The update from the level before `index` to that of `index`.
  private func update(to index: Int, order: Int) -> UniPCUpdate {
    let levels = (index - order...index).map { SignalLevel(sigma: sigmas[$0]) }
    return UniPCUpdate(levels, isFirstVariant: configuration.solverType == .bh1)
  }
}
