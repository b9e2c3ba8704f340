public import Torch

/// A square convolution of `[B, C, H, W]` (torch.nn.Conv2d), with a slot for an adapter.
public final class Conv2d: UnaryLayer, AdapterSlot {
  /// The weight under the key `weight`.
  public let weight: Parameter
  /// The bias under the key `bias`, if the layer has one.
  public let bias: Parameter?
  /// The adapter in the layer's slot.
  public internal(set) var adapter: (any Adapter)?

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

  /// Reorders the weight so that the channels of a pixel are side by side in memory. The output, and
  /// with it what follows, then has that order, which the CPU's convolutions are fastest in.
  func setChannelsLast() throws {
    guard weight.shape[2] > 1 else { return }
    try weight.setChannelsLast()
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    let (weight, bias) = (try weight.tensor, try bias?.tensor)
    let output = try x.conv2d(weight, bias, stride: stride, padding: padding)
    guard let adapter = activeAdapter else { return output }
    return try adapter.output(
      of: LayerCall(
        input: x, output: output, weight: weight, bias: bias,
        operation: .convolution(stride: stride, padding: padding)))
  }
}

extension Module {
  /// Reorders the weights of all convolutions below this module so that the channels of a pixel are
  /// side by side in memory (`torch.channels_last`). Throws `TorchError`.
  package func setChannelsLast() throws {
    for (_, module) in modules() { try (module as? Conv2d)?.setChannelsLast() }
  }
}
