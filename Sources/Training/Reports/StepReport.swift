/// One optimizer step.
public struct StepReport: Codable, Sendable, Equatable {
  /// Counted from 1.
  public var step: Int
  /// Mean over the accumulated forward passes.
  public var loss: Double
  /// The learning rate of the first parameter group in this step.
  public var learningRate: Double
  /// The learning rate of each parameter group by its name; nil where there is only one.
  public var learningRates: [String: Double]?
  /// 2-norm of the gradients before clipping; nil where float16 overflowed and the step was left
  /// out.
  public var gradNorm: Double?
  /// Seconds, samples and checkpoints excluded.
  public var seconds: Double
  /// Mean timestep of the samples.
  public var timestep: Double
  /// With class images: the part of the loss that is the subject's.
  public var instanceLoss: Double?
  /// With class images: theirs, before it is weighted.
  public var priorLoss: Double?

  private enum CodingKeys: String, CodingKey {
    case step
    case loss
    case learningRate = "learning_rate"
    case learningRates = "learning_rates"
    case gradNorm = "grad_norm"
    case seconds
    case timestep
    case instanceLoss = "instance_loss"
    case priorLoss = "prior_loss"
  }
}

extension StepReport {
  /// A step with the rates of its parameter groups, in their order.
  init(
    step: Int, loss: Double, rates: [(name: String, rate: Double)], gradNorm: Double?,
    seconds: Double, timestep: Double, instanceLoss: Double?, priorLoss: Double?
  ) {
    self.init(
      step: step, loss: loss, learningRate: rates.first?.rate ?? 0,
      learningRates: rates.count > 1
        ? Dictionary(rates.map { ($0.name, $0.rate) }) { first, _ in first } : nil,
      gradNorm: gradNorm, seconds: seconds, timestep: timestep, instanceLoss: instanceLoss,
      priorLoss: priorLoss)
  }
}
