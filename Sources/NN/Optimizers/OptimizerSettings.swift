/// The constants of optimizers; a kind ignores those of others. The defaults are those of the reference
/// implementations.
public struct OptimizerSettings: Sendable {
  /// The decay of the gradient average.
  public var beta1 = 0.9
  /// The decay of the squared gradient average.
  public var beta2 = 0.999
  /// Added to a divisor to keep it from zero.
  public var epsilon = 1e-8
  /// Decoupled weight decay.
  public var weightDecay = 1e-2

  // MARK: Prodigy

  /// The first estimate of the learning rate.
  public var d0 = 1e-6
  /// A factor on the estimate.
  public var dCoef = 1.0
  /// How much the estimate may grow in a step, as a factor.
  public var growthRate = Double.infinity
  /// Whether the estimate does not depend on the rates of a warm-up.
  public var safeguardsWarmup = false
  /// Whether the averages of the first steps are corrected for their start at zero.
  public var usesBiasCorrection = false

  // MARK: Adafactor

  /// Whether the step size follows from the number of steps, and rates are factors on it.
  public var takesRelativeSteps = true
  /// Whether the size of a step is relative to the size of the tensor.
  public var scalesByParameter = true
  /// The most that an update may be, as its root mean square.
  public var clipThreshold = 1.0
  /// The exponent of the decay of the squared average.
  public var decayRate = -0.8
  /// Added to squared gradients.
  public var gradientEpsilon = 1e-30
  /// The least size of a tensor that steps are relative to.
  public var parameterEpsilon = 1e-3

  /// The defaults.
  public init() {}

  /// Given constants of Adam.
  public init(beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}
