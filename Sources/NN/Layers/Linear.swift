public import Torch

/// `y = x W^T + b` over the last dimension (torch.nn.Linear), with a slot for an adapter.
public final class Linear: UnaryLayer, AdapterSlot {
  /// The weight under the key `weight`.
  public let weight: Parameter
  /// The bias under the key `bias`, if the layer has one.
  public let bias: Parameter?

  /// The adapter in the layer's slot.
  public internal(set) var adapter: (any Adapter)?

  /// A layer from `[..., inFeatures]` to `[..., outFeatures]`.
  public init(_ inFeatures: Int, _ outFeatures: Int, bias: Bool = true) {
    weight = Parameter([outFeatures, inFeatures])
    self.bias = bias ? Parameter([outFeatures]) : nil
  }

  /// The size of the last dimension of the input.
  public var inFeatures: Int { weight.shape[1] }

  /// The size of the last dimension of the output.
  public var outFeatures: Int { weight.shape[0] }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    let (weight, bias) = (try weight.tensor, try bias?.tensor)
    let output = try x.linear(weight, bias)
    guard let adapter = activeAdapter else { return output }
    return try adapter.output(
      of: LayerCall(input: x, output: output, weight: weight, bias: bias, operation: .linear))
  }
}
