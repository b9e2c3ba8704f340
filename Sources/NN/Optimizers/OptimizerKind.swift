/// An optimizer by its name.
public enum OptimizerKind: String, CaseIterable, Sendable {
  /// ``AdamW``.
  case adamW = "adamw"

  /// The default of training.
  public static let standard = OptimizerKind.adamW

  /// Makes an optimizer with no state yet. Throws `TorchError`.
  public func optimizer(
    of groups: [ParameterGroup], settings: OptimizerSettings
  ) throws -> any Optimizer {
    switch self {
    case .adamW: try AdamW(groups, settings: settings)
    }
  }
}

/// The constants of optimizers; a kind may ignore some of them. The defaults are those of
/// torch.optim.AdamW.
public struct OptimizerSettings: Sendable {
  /// The decay of the gradient average.
  public var beta1 = 0.9
  /// The decay of the squared gradient average.
  public var beta2 = 0.999
  /// Added to a divisor to keep it from zero.
  public var epsilon = 1e-8
  /// Decoupled weight decay.
  public var weightDecay = 1e-2

  /// The defaults.
  public init() {}

  /// Given constants.
  public init(beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}
