import Foundation
public import Torch

/// Adam that finds its own learning rate (Mishchenko & Defazio 2023, "Prodigy: An Expeditiously Adaptive
/// Parameter-Free Learner"; prodigyopt.Prodigy). The rates of its groups are factors on the rate that it
/// finds, usually 1, and all the same.
public final class Prodigy: Optimizer {
  /// The trained tensors.
  public let groups: [ParameterGroup]

  private let settings: OptimizerSettings
  private let moments: [Moments]
  private var estimate: Estimate

  /// What the found learning rate depends on, beside the moments.
  private struct Estimate {
    /// The found rate, an estimate of the distance from the start to the solution.
    var d: Double
    /// The largest estimate so far.
    var dMax: Double
    var numerator = 0.0
    /// The number of steps done.
    var steps = 0.0

    static let names = ["d", "d_max", "d_numerator", "k"]
    var values: [Double] { [d, dMax, numerator, steps] }
  }

  /// An optimizer with no steps done. Throws `TorchError`.
  public init(_ groups: [ParameterGroup], settings: OptimizerSettings) throws {
    self.groups = groups
    self.settings = settings
    estimate = Estimate(d: settings.d0, dMax: settings.d0)
    moments = try groups.map { group in
      let moments = try Moments(["s", "p0", "exp_avg", "exp_avg_sq"], of: group.parameters)
      try Tensor.copyEach(
        to: moments["p0"], from: group.parameters.map { try $0.tensor.detach() })
      return moments
    }
  }

  /// The estimate `d`.
  public var foundRate: Double? { estimate.d }

  /// `rates` times the rate that the optimizer has found.
  public func effectiveRates(_ rates: [Double]) -> [Double] { rates.map { $0 * estimate.d } }

  /// One step; parameters without a gradient stay as they are.
  public func step(rates: [Double], foundInf: Tensor?) throws {
    let groups = try zip(moments, rates).map { (runs: try $0.runs(), rate: $1) }
    let moving = groups.filter { $0.rate > 0 }.flatMap(\.runs)
    let rate = (rates.max() ?? 0) * biasCorrection
    try advance(groups.flatMap(\.runs), moving: moving, rate: rate, foundInf: foundInf)
    for moments in moments { try moments.dropGradients() }
  }

  private var biasCorrection: Double {
    guard settings.usesBiasCorrection else { return 1 }
    let k = estimate.steps + 1
    return (1 - pow(settings.beta2, k)).squareRoot() / (1 - pow(settings.beta1, k))
  }

  /// - Parameters:
  ///   - moving: those of `runs` whose rate is not 0.
  ///   - rate: the factor on the found rate.
  private func advance(
    _ runs: [Moments.Run], moving: [Moments.Run], rate: Double, foundInf: Tensor?
  ) throws {
    guard !moving.isEmpty else { return }
    let (beta1, beta2) = (settings.beta1, settings.beta2)
    let beta3 = beta2.squareRoot()
    let d = estimate.d
    let relative = d / settings.d0
    let change = d * rate

    // The device is read once, before anything changes.
    var numbers = [try foundInf ?? .zeros([], device: moving[0].parameter.device)]
    var sums: [Tensor] = []
    for run in moving {
      let path = try run.moments[1] - run.parameter  // p0 - p
      numbers.append(try run.gradient.flatten().dot(path.flatten()))
      let sum = try run.moments[0] * beta3
      try sum.add(run.gradient, times: relative * (settings.safeguardsWarmup ? d : change))
      numbers.append(try sum.abs().sum())
      sums.append(sum)
    }
    let read = try Tensor.cat(numbers.map { try $0.reshape([1]) }, dim: 0).doubles()
    guard read[0] != 1 else { return }
    var (products, denominator) = (0.0, 0.0)
    for index in moving.indices {
      products += read[1 + 2 * index]
      denominator += read[2 + 2 * index]
    }

    for (run, sum) in zip(moving, sums) {
      try run.moments[0].copy(from: sum)
      try run.moments[2].multiply(by: beta1)
      try run.moments[2].add(run.gradient, times: d * (1 - beta1))
      try run.moments[3].multiply(by: beta2)
      try run.moments[3].addProduct(run.gradient, run.gradient, times: d * d * (1 - beta2))
    }
    // All gradients are zero.
    guard denominator > 0 else { return }
    adapt(numerator: relative * change * products, denominator: denominator)

    for run in runs {
      let divisor = try run.moments[3].sqrt() + estimate.d * settings.epsilon
      // Not a multiplication by 1 - decay, which is 1 in float32 while the rate is small.
      try run.parameter.add(run.parameter, times: -settings.weightDecay * change)
      try run.parameter.addQuotient(run.moments[2], divisor, times: -change)
    }
    estimate.steps += 1
  }

  /// The next estimate (algorithm 4, lines 8 to 10).
  private func adapt(numerator: Double, denominator: Double) {
    estimate.numerator = estimate.numerator * settings.beta2.squareRoot() + numerator
    let found = settings.dCoef * estimate.numerator / denominator
    if estimate.d == settings.d0 { estimate.d = max(estimate.d, found) }
    estimate.dMax = max(estimate.dMax, found)
    estimate.d = min(estimate.dMax, estimate.d * settings.growthRate)
  }

  /// The moments of each parameter, and the numbers that the found rate depends on.
  public func state() throws -> [(name: String, tensor: Tensor)] {
    try zip(Estimate.names, estimate.values).map { ($0, try Tensor([$1], shape: [1])) }
      + moments.flatMap(\.state)
  }

  /// Restores a state that `state()` has returned.
  public func restore(_ read: (_ name: String) throws -> Tensor) throws {
    let values = try Estimate.names.map { try read($0).item() }
    estimate = Estimate(d: values[0], dMax: values[1], numerator: values[2], steps: values[3])
    for (name, tensor) in moments.flatMap(\.state) { try tensor.copy(from: read(name)) }
  }
}
