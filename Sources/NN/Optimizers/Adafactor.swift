import Foundation
public import Torch

/// Adam whose squared averages are kept by rows and columns (Shazeer & Stern 2018, "Adafactor: Adaptive
/// Learning Rates with Sublinear Memory Cost"; transformers.Adafactor), without an average of gradients.
public final class Adafactor: Optimizer {
  /// About how many elements are updated at once.
  private static let chunk = 1 << 20

  /// The trained tensors.
  public let groups: [ParameterGroup]

  private let settings: OptimizerSettings
  private var members: [[Member]]

  /// A trained tensor and its averages: `row` and `column` of at least two dimensions, else `square`.
  private struct Member {
    let name: String
    let parameter: Tensor
    let averages: [(name: String, tensor: Tensor)]
    /// The number of steps done.
    var steps = 0.0

    init(_ name: String, _ parameter: Tensor) throws {
      self.name = name
      self.parameter = parameter
      let (shape, device) = (parameter.shape, parameter.device)
      averages =
        shape.count < 2
        ? [("exp_avg_sq", try .zeros(shape, device: device))]
        : [
          ("exp_avg_sq_row", try .zeros(Array(shape.dropLast()), device: device)),
          ("exp_avg_sq_col", try .zeros(shape.dropLast(2) + shape.suffix(1), device: device)),
        ]
    }
  }

  /// What tensors have in common that are updated at once.
  private struct Kind: Hashable {
    let shape: [Int]
    let steps: Double
  }

  /// An optimizer with no steps done. Throws `TorchError`.
  public init(_ groups: [ParameterGroup], settings: OptimizerSettings) throws {
    self.groups = groups
    self.settings = settings
    members = try groups.map { try $0.parameters.map(Member.init) }
  }

  /// `rates`, times the size of the next step if the optimizer decides it.
  public func effectiveRates(_ rates: [Double]) -> [Double] {
    zip(members, rates).map { members, rate in
      rate * relativeStep((members.map(\.steps).max() ?? 0) + 1)
    }
  }

  /// The size of a step relative to a rate.
  private func relativeStep(_ step: Double) -> Double {
    settings.takesRelativeSteps ? min(1e-2, 1 / step.squareRoot()) : 1
  }

  /// One step; parameters without a gradient stay as they are.
  public func step(rates: [Double], foundInf: Tensor?) throws {
    let isFinite = try foundInf?.item() != 1
    for group in isFinite ? Array(members.indices) : [] {
      var kinds: [(kind: Kind, members: [Member])] = []
      for index in members[group].indices where try members[group][index].parameter.grad != nil {
        members[group][index].steps += 1
        let member = members[group][index]
        let kind = Kind(shape: member.parameter.shape, steps: member.steps)
        let most = max(1, Self.chunk / max(1, member.parameter.count))
        if let last = kinds.lastIndex(where: { $0.kind == kind }), kinds[last].members.count < most
        {
          kinds[last].members.append(member)
        } else {
          kinds.append((kind, [member]))
        }
      }
      for (kind, members) in kinds { try step(kind, members, rate: rates[group]) }
    }
    for tensor in parameters { try tensor.setGrad(nil) }
  }

  /// Updates tensors of one shape; `n` is their number.
  private func step(_ kind: Kind, _ members: [Member], rate: Double) throws {
    func stacked(_ tensors: [Tensor]) throws -> Tensor {
      try .cat(tensors.map { try $0.detach().unsqueeze(0) }, dim: 0)
    }
    let all = Array(1...max(1, kind.shape.count))
    func rms(_ tensor: Tensor) throws -> Tensor {
      try tensor.square().mean(dims: all, keepDim: true).sqrt()
    }
    let gradient = try stacked(members.compactMap { try $0.parameter.grad })  // [n, ...]
    let parameter = try stacked(members.map(\.parameter))
    let averages = try members[0].averages.indices.map { index in
      try stacked(members.map { $0.averages[index].tensor })
    }
    let decay = 1 - pow(kind.steps, settings.decayRate)
    let square = try gradient.square() + settings.gradientEpsilon
    // Over the last dimension for rows, over the one before for columns.
    for (average, dim) in zip(averages, [-1, -2]) {
      try average.multiply(by: decay)
      try average.add(averages.count == 1 ? square : square.mean(dims: [dim]), times: 1 - decay)
    }
    let update: Tensor
    if averages.count == 1 {
      update = try gradient / averages[0].sqrt()
    } else {
      let rows = try averages[0] / averages[0].mean(dims: [-1], keepDim: true)
      update = try gradient / (rows.sqrt().unsqueeze(-1) * averages[1].sqrt().unsqueeze(-2))
    }
    let clip = try (rms(update) / settings.clipThreshold).clamp(min: 1)
    var step = try Tensor.full([1], value: rate * relativeStep(kind.steps), device: gradient.device)
    if settings.scalesByParameter {
      step = try step * rms(parameter).clamp(min: settings.parameterEpsilon)
    }
    let change = try parameter * step * settings.weightDecay + update / clip * step
    try parameter.add(change, times: -1)

    func parts(of all: Tensor) throws -> [Tensor] {
      try members.indices.map { try all.select(dim: 0, index: $0) }
    }
    try Tensor.copyEach(
      to: members.map { try $0.parameter.detach() }, from: parts(of: parameter))
    for (index, average) in averages.enumerated() {
      try Tensor.copyEach(to: members.map { $0.averages[index].tensor }, from: parts(of: average))
    }
  }

  /// The averages of squared gradients of each parameter, and the number of its steps.
  public func state() throws -> [(name: String, tensor: Tensor)] {
    try members.joined().flatMap { member in
      [("\(member.name).step", try Tensor([member.steps], shape: [1]))]
        + member.averages.map { ("\(member.name).\($0.name)", $0.tensor) }
    }
  }

  /// Restores a state that `state()` has returned.
  public func restore(_ read: (_ name: String) throws -> Tensor) throws {
    for group in members.indices {
      for index in members[group].indices {
        let name = members[group][index].name
        members[group][index].steps = try read("\(name).step").item()
        for (kind, tensor) in members[group][index].averages {
          try tensor.copy(from: read("\(name).\(kind)"))
        }
      }
    }
  }
}
