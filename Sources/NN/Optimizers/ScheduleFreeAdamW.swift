import Foundation
public import Torch

/// AdamW without a schedule (Defazio et al. 2024, "The Road Less Scheduled"; schedulefree.AdamWScheduleFree).
///
/// The trained tensors are the points y at which gradients are computed. What is saved and drawn with are
/// the averages x.
public final class ScheduleFreeAdamW: Optimizer {
  /// The trained tensors.
  public let groups: [ParameterGroup]

  private let settings: OptimizerSettings
  private let moments: [Moments]
  /// The number of steps done.
  private var steps = 0.0
  /// For each group, the sum of the weights of all steps in the average, and the largest rate so far.
  private var weights: [(sum: Double, largestRate: Double)]

  /// An optimizer with no steps done. Throws `TorchError`.
  public init(_ groups: [ParameterGroup], settings: OptimizerSettings) throws {
    self.groups = groups
    self.settings = settings
    weights = groups.map { _ in (0, -1) }
    moments = try groups.map { group in
      let moments = try Moments(["z", "exp_avg_sq"], of: group.parameters)
      try Tensor.copyEach(to: moments["z"], from: group.parameters.map { try $0.tensor.detach() })
      return moments
    }
  }

  /// One step; parameters without a gradient stay as they are.
  public func step(rates: [Double], foundInf: Tensor?) throws {
    if try foundInf?.item() != 1 {
      for index in groups.indices { try step(index, rate: rates[index]) }
      steps += 1
    }
    for moments in moments { try moments.dropGradients() }
  }

  private func step(_ index: Int, rate: Double) throws {
    let largest = max(rate, weights[index].largestRate)
    let weight = largest * largest
    weights[index] = (weights[index].sum + weight, largest)
    let share = weights[index].sum > 0 ? weight / weights[index].sum : 0
    let correction = 1 - pow(settings.beta2, steps + 1)
    for run in try moments[index].runs() {
      let (y, gradient, z, square) = (run.parameter, run.gradient, run.moments[0], run.moments[1])
      try square.multiply(by: settings.beta2)
      try square.addProduct(gradient, gradient, times: 1 - settings.beta2)
      try gradient.divide(by: (square / correction).sqrt() + settings.epsilon)
      try gradient.add(y, times: settings.weightDecay)
      try y.move(towards: z, by: share)
      try y.add(gradient, times: rate * (settings.beta1 * (1 - share) - 1))
      try z.add(gradient, times: -rate)
    }
  }

  /// The averages x, new tensors in the order of `parameters`. Throws `TorchError`.
  public func averages() throws -> [Tensor]? {
    try zip(groups, moments).flatMap { group, moments in
      try zip(group.parameters, moments["z"]).map { parameter, z in
        let average = try parameter.tensor.detach().clone()
        try average.move(towards: z, by: 1 - 1 / settings.beta1)
        return average
      }
    }
  }

  /// The points y and z, the averages of squared gradients, and the weights of the average.
  public func state() throws -> [(name: String, tensor: Tensor)] {
    let numbers = [steps] + weights.flatMap { [$0.sum, $0.largestRate] }
    return [("schedule", try Tensor(numbers, shape: [numbers.count]))] + tensors
  }

  private var tensors: [(name: String, tensor: Tensor)] {
    groups.flatMap(\.parameters).map { ("\($0.name).y", $0.tensor) } + moments.flatMap(\.state)
  }

  /// Restores a state that `state()` has returned, and with it the trained tensors. Throws
  /// `OptimizerError.otherGroups`, `TorchError`.
  public func restore(_ read: (_ name: String) throws -> Tensor) throws {
    let numbers = try read("schedule").doubles()
    guard numbers.count == 1 + 2 * groups.count else {
      throw OptimizerError.otherGroups(found: (numbers.count - 1) / 2, expected: groups.count)
    }
    steps = numbers[0]
    weights = weights.indices.map { (numbers[1 + 2 * $0], numbers[2 + 2 * $0]) }
    try noGrad { for (name, tensor) in tensors { try tensor.copy(from: read(name)) } }
  }
}
