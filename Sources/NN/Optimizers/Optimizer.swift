public import Torch

/// Changes trained tensors by their gradients.
public protocol Optimizer {
  /// One step with the gradients that the last backward passes have accumulated, then drops them.
  func step(learningRate: Double) throws

  /// All state that the next steps depend on, by name.
  func state() throws -> [(name: String, tensor: Tensor)]

  /// Takes over state that `state()` of an optimizer of the same parameters has given. `read` gives
  /// the tensor of a name and throws where there is none.
  func restore(_ read: (_ name: String) throws -> Tensor) throws
}

/// Scales gradients in place so that their 2-norm together, which is `norm`, becomes at most
/// `maximum` (Pascanu et al. 2013, torch.nn.utils.clip_grad_norm_).
public func clipGradients(_ gradients: [Tensor], norm: Double, to maximum: Double) throws {
  let factor = maximum / (norm + 1e-6)
  if factor < 1 { try Tensor.scale(gradients, by: factor) }
}
