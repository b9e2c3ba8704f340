public import Torch

/// DPM-Solver++ in its multistep form, and its stochastic variant (Lu et al. 2022; diffusers
/// `DPMSolverMultistepScheduler`): an exponential integrator of order 1 to 3 that predicts from the
/// clean latents of the steps before.
public struct DPMSolverMultistepScheduler: Scheduler {
  /// The UNet's timestep at each step.
  public let timesteps: [Float]
  /// The noise level at each step, and after the last one.
  public let sigmas: [Float]
  let configuration: SchedulerConfiguration
  /// The clean latents of the last steps, the newest last, at most as many as the order.
  private var history: [Tensor] = []

  /// The sampler for `steps` steps. Throws `SchedulerError` unless `steps` is in
  /// `1...numTrainTimesteps`.
  public init(_ configuration: SchedulerConfiguration, steps: Int) throws(SchedulerError) {
    try SchedulerError.check(steps, limit: configuration.numTrainTimesteps)
    let tooNoisy = NoiseLevels.trained(configuration).count {
      Double(SignalLevel(sigma: $0).lambda) < configuration.lambdaMinClipped
    }
    let spaced = SpacedTimesteps.multistep(
      configuration, below: max(configuration.numTrainTimesteps - tooNoisy, 1), steps: steps)
    let levels = NoiseLevels(configuration, at: spaced, steps: steps, karras: .trained)
    try levels.checkDistinct()
    let wholeRule: FloatingPointRoundingRule =
      configuration.betaSchedule == .squaredCosine ? .towardZero : .toNearestOrEven
    timesteps = levels.timesteps.map { Float($0.rounded(wholeRule)) }
    sigmas = levels.sigmas.map { Float($0) }
    self.configuration = configuration
  }

  /// The factors on the clean latent and on the noise at the level.
  public func scales(at index: Int) -> (signal: Float, noise: Float) {
    let level = level(index)
    return (level.alpha, level.sigma)
  }

  /// One step: the prediction in the type of the latent, the update in float32.
  public mutating func step(
    _ modelOutput: Tensor, at index: Int, sample: Tensor, generator: Generator
  ) throws(TorchError) -> Tensor {
    let level = level(index)
    let clean = try configuration.predictionType.clean(
      from: modelOutput, sample: sample, alpha: level.alpha, sigma: level.sigma)
    history = Array((history + [clean]).suffix(configuration.solverOrder))
    let order = min(history.count, highestOrder(at: index))
    let update = Update(self, at: index, order: order)
    var next = try sample.to(.float32) * Double(update.sample)
    for (term, scale) in zip(try differences(at: index, order: order), update.differences) {
      next = try next + term * Double(scale)
    }
    if configuration.algorithmType == .sdeDPMSolverPlusPlus {
      let noise = try generator.normal(clean.shape).to(clean.device)
      next = try next + noise * Double(update.noise)
    }
    return try next.to(modelOutput.dtype)
  }

  func level(_ index: Int) -> SignalLevel { SignalLevel(sigma: sigmas[index]) }

  /// The highest order at a step. Runs of few steps end with lower orders, for stability.
  private func highestOrder(at index: Int) -> Int {
    let lowers = configuration.lowerOrderFinal && timesteps.count < 15
    switch timesteps.count - index {
    case 1 where lowers || configuration.eulerAtFinal || configuration.finalSigmasType == .zero:
      return 1
    case 2 where lowers:
      return 2
    default:
      return configuration.solverOrder
    }
  }

  /// The newest clean latent and its divided differences in lambda, `order` tensors in all.
  private func differences(at index: Int, order: Int) throws(TorchError) -> [Tensor] {
    let newest = history[history.count - 1]
    guard order > 1 else { return [newest] }
    let lambdas = (index - order + 1...index + 1).map { level($0).lambda }
    let length = lambdas[order] - lambdas[order - 1]
    let middle = history[history.count - 2]
    let near = (lambdas[order - 1] - lambdas[order - 2]) / length
    let slope = try (newest - middle) * Double(1 / near)
    guard order > 2 else { return [newest, slope] }
    let far = (lambdas[1] - lambdas[0]) / length
    let older = try (middle - history[history.count - 3]) * Double(1 / far)
    let bend = try slope - older
    return [
      newest, try slope + bend * Double(near / (near + far)), try bend * Double(1 / (near + far)),
    ]
  }
}
