public import Torch

/// `y = x W^T + b` over the last dimension (torch.nn.Linear), with a slot for an adapter.
public final class Linear: UnaryLayer, AdapterSlot {
  /// The weight under the key `weight`.
  public let weight: Parameter
  /// The bias under the key `bias`, where the layer has one.
  public let bias: Parameter?

  /// The low-rank update added to the output, when there is one.
  public internal(set) var adapter: LoRA?

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
    let base = try x.linear(weight.tensor, bias?.tensor)
    guard let adapter = activeAdapter else { return base }
    return try adapter.added(to: base, input: x)
  }

  /// Where the weights are.
  var device: Device { get throws { try weight.tensor.device } }
}
