public import Torch

/// The sign of an average of gradients (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms",
/// algorithm 2), with decoupled weight decay.
public final class Lion: Optimizer {
  /// The trained tensors.
  public let groups: [ParameterGroup]

  private let settings: OptimizerSettings
  private let moments: [Moments]

  /// An optimizer with no steps done. Throws `TorchError`.
  public init(_ groups: [ParameterGroup], settings: OptimizerSettings) throws {
    self.groups = groups
    self.settings = settings
    moments = try groups.map { try Moments(["exp_avg"], of: $0.parameters) }
  }

  /// One step; parameters without a gradient stay as they are.
  public func step(rates: [Double], foundInf: Tensor?) throws {
    let isFinite = try foundInf?.item() != 1
    for (moments, rate) in zip(moments, rates) {
      for run in isFinite ? try moments.runs() : [] {
        let average = run.moments[0]
        try run.parameter.multiply(by: 1 - rate * settings.weightDecay)
        let direction = try average * settings.beta1
        try direction.add(run.gradient, times: 1 - settings.beta1)
        try run.parameter.add(direction.sign(), times: -rate)
        try average.multiply(by: settings.beta2)
        try average.add(run.gradient, times: 1 - settings.beta2)
      }
      try moments.dropGradients()
    }
  }

  /// The average of the gradients of each parameter.
  public func state() -> [(name: String, tensor: Tensor)] { moments.flatMap(\.state) }

  /// Restores a state that `state()` has returned.
  public func restore(_ read: (_ name: String) throws -> Tensor) throws {
    for (name, tensor) in state() { try tensor.copy(from: read(name)) }
  }
}
