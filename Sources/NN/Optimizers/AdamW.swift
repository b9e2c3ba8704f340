public import Torch

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019, torch.optim.AdamW), all parameters in
/// one fused call.
public final class AdamW: Optimizer {
  /// The constants of the method.
  public struct Settings: Sendable {
    var beta1: Double
    var beta2: Double
    var epsilon: Double
    var weightDecay: Double

    /// torch.optim.AdamW's defaults.
    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
      weightDecay: Double = 1e-2
    ) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  private struct Slot {
    let name: String
    let parameter: Tensor
    let average: Tensor
    let square: Tensor
    let step: Tensor
  }

  private let settings: Settings
  private let slots: [Slot]

  /// An optimizer of float32 tensors, each with a name for its state.
  public init(_ parameters: [(name: String, tensor: Tensor)], settings: Settings) throws {
    self.settings = settings
    slots = try parameters.map { name, tensor in
      Slot(
        name: name, parameter: tensor,
        average: try .zeros(tensor.shape, device: tensor.device),
        square: try .zeros(tensor.shape, device: tensor.device),
        step: try .zeros([], device: tensor.device))
    }
  }

  /// One step; parameters without a gradient stay as they are.
  public func step(learningRate: Double) throws {
    let pairs = try slots.compactMap { slot in try slot.parameter.grad.map { (slot, $0) } }
    try fusedAdamW(
      parameters: pairs.map(\.0.parameter), gradients: pairs.map(\.1),
      averages: pairs.map(\.0.average), squares: pairs.map(\.0.square),
      steps: pairs.map(\.0.step), learningRate: learningRate, beta1: settings.beta1,
      beta2: settings.beta2, weightDecay: settings.weightDecay, epsilon: settings.epsilon)
    for slot in slots { try slot.parameter.setGrad(nil) }
  }

  /// The averages of gradients and of their squares, and the number of steps, for each parameter.
  public func state() -> [(name: String, tensor: Tensor)] {
    slots.flatMap { slot in
      [
        ("\(slot.name).exp_avg", slot.average), ("\(slot.name).exp_avg_sq", slot.square),
        ("\(slot.name).step", slot.step),
      ]
    }
  }

  /// Takes over such a state.
  public func restore(_ read: (_ name: String) throws -> Tensor) throws {
    for (name, tensor) in state() { try tensor.copy(from: read(name)) }
  }
}
