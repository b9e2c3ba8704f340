public import Torch

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019, torch.optim.AdamW), all parameters
/// of a group in one fused call.
public final class AdamW: Optimizer {
  private struct Slot {
    let name: String
    let parameter: Tensor
    let average: Tensor
    let square: Tensor
    let step: Tensor
  }

  /// The trained tensors.
  public let groups: [ParameterGroup]

  private let settings: OptimizerSettings
  private let slots: [[Slot]]

  /// An optimizer with no steps done. Throws `TorchError`.
  public init(_ groups: [ParameterGroup], settings: OptimizerSettings) throws {
    self.groups = groups
    self.settings = settings
    slots = try groups.map { group in
      let tensors = group.parameters.map(\.tensor)
      let averages = try Tensor.neighbours(like: tensors)
      let squares = try Tensor.neighbours(like: tensors)
      let steps = try Tensor.neighbours(like: tensors.map { try .zeros([], device: $0.device) })
      return try group.parameters.enumerated().map { index, parameter in
        Slot(
          name: parameter.name, parameter: parameter.tensor, average: averages[index],
          square: squares[index], step: steps[index])
      }
    }
  }

  /// One step; parameters without a gradient stay as they are.
  public func step(rates: [Double], foundInf: Tensor? = nil) throws {
    for (slots, rate) in zip(slots, rates) {
      let pairs = try slots.compactMap { slot in try slot.parameter.grad.map { (slot, $0) } }
      guard !pairs.isEmpty else { continue }
      try fusedAdamW(
        parameters: pairs.map(\.0.parameter), gradients: pairs.map(\.1),
        averages: pairs.map(\.0.average), squares: pairs.map(\.0.square),
        steps: pairs.map(\.0.step), foundInf: foundInf, learningRate: rate, beta1: settings.beta1,
        beta2: settings.beta2, weightDecay: settings.weightDecay, epsilon: settings.epsilon)
      for slot in slots { try slot.parameter.setGrad(nil) }
    }
  }

  /// The averages of gradients and of their squares, and the number of steps, for each parameter.
  public func state() -> [(name: String, tensor: Tensor)] {
    slots.joined().flatMap { slot in
      [
        ("\(slot.name).exp_avg", slot.average), ("\(slot.name).exp_avg_sq", slot.square),
        ("\(slot.name).step", slot.step),
      ]
    }
  }

  /// Restores a state that `state()` has returned.
  public func restore(_ read: (_ name: String) throws -> Tensor) throws {
    for (name, tensor) in state() { try tensor.copy(from: read(name)) }
  }
}
