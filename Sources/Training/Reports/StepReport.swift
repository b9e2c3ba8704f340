/// The results of one optimizer step.
public struct StepReport: Codable, Sendable, Equatable {
  /// The step's number, from 1.
  public var step: Int
  /// Mean loss over the accumulated forward passes.
  public var loss: Double
  /// Learning rate of the first parameter group in this step.
  public var learningRate: Double
  /// Learning rate of each parameter group by name; nil if the UNet's is the only one.
  public var learningRates: [String: Double]?
  /// The rate that the optimizer has found, Prodigy's `d`; nil for others.
  public var foundRate: Double?
  /// 2-norm of the gradients before clipping; nil if float16 overflowed and the step was skipped.
  public var gradNorm: Double?
  /// Duration in seconds, without samples and checkpoints.
  public var seconds: Double
  /// Mean timestep of the samples.
  public var timestep: Double
  /// Loss of the subject's images; nil without class images.
  public var instanceLoss: Double?
  /// Loss of the class images, before weighting; nil without class images.
  public var priorLoss: Double?

  private enum CodingKeys: String, CodingKey {
    case step
    case loss
    case learningRate = "learning_rate"
    case learningRates = "learning_rates"
    case foundRate = "d"
    case gradNorm = "grad_norm"
    case seconds
    case timestep
    case instanceLoss = "instance_loss"
    case priorLoss = "prior_loss"
  }
}

extension StepReport {
  /// Creates the report with the learning rates of the parameter groups, in their order.
  init(
    step: Int, loss: Double, rates: [(name: String, rate: Double)], foundRate: Double?,
    gradNorm: Double?, seconds: Double, timestep: Double, instanceLoss: Double?, priorLoss: Double?
  ) {
    self.init(
      step: step, loss: loss, learningRate: rates.first?.rate ?? 0,
      learningRates: rates.map(\.name) == ["unet"]
        ? nil : Dictionary(rates.map { ($0.name, $0.rate) }) { first, _ in first },
      foundRate: foundRate, gradNorm: gradNorm, seconds: seconds, timestep: timestep,
      instanceLoss: instanceLoss, priorLoss: priorLoss)
  }
}
