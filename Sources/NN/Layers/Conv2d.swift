public import Torch

/// A square convolution of `[B, C, H, W]` (torch.nn.Conv2d), with a slot for an adapter.
public final class Conv2d: UnaryLayer, AdapterSlot {
  /// The weight under the key `weight`.
  public let weight: Parameter
  /// The bias under the key `bias`, where the layer has one.
  public let bias: Parameter?
  /// The low-rank update added to the output, when there is one.
  public internal(set) var adapter: LoRA?

  private let stride: Int
  private let padding: Int

  /// A layer from `[B, inChannels, H, W]` to `[B, outChannels, H', W']`.
  public init(
    _ inChannels: Int, _ outChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
    bias: Bool = true
  ) {
    weight = Parameter([outChannels, inChannels, kernelSize, kernelSize])
    self.bias = bias ? Parameter([outChannels]) : nil
    self.stride = stride
    self.padding = padding
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    let base = try x.conv2d(weight.tensor, bias?.tensor, stride: stride, padding: padding)
    guard let adapter = activeAdapter else { return base }
    return try adapter.added(to: base, input: x, stride: stride, padding: padding)
  }
}
