public import Torch

/// A change of a frozen layer, `Linear` or `Conv2d`, that holds the adapter in its slot.
///
/// An adapter is a value: copies share the tensors, and each copy has its own strength.
public protocol Adapter {
  /// The trained tensors, float32, by their names in files after the layer's name: `lora_A.weight`.
  /// An optimizer changes them, a checkpoint stores them, and gradient checkpointing tracks them.
  var tensors: [(name: String, tensor: Tensor)] { get }

  /// The tensors whose gradients a backward pass through the layer computes: `tensors`, or copies of
  /// them.
  var leaves: [Tensor] { get }

  /// A factor on the adapter's change: 1 in training, any number when a picture is drawn.
  var strength: Double { get set }

  /// The layer's output with the adapter, in the shape and type of `call.output`. It may add to
  /// that output, as LoRA does, or replace it. Throws `TorchError`.
  func output(of call: LayerCall) throws -> Tensor

  /// The change that merging adds to a weight, float32 in the weight's shape. Throws `TorchError`.
  func delta(of weight: Tensor) throws -> Tensor

  /// The change that merging adds to a bias, float32 `[out]`; nil if there is none. Throws
  /// `TorchError`.
  func biasDelta() throws -> Tensor?

  /// One adapter with the effect of this one and `others` together; nil if there is none that is
  /// faster than an ``AdapterSum``. Throws `TorchError`.
  func combined(with others: [any Adapter]) throws -> (any Adapter)?
}

extension Adapter {
  /// The trained tensors themselves.
  public var leaves: [Tensor] { tensors.map(\.tensor) }

  /// The output with `delta(of:)` added to the weight, for adapters without a faster way.
  public func output(of call: LayerCall) throws -> Tensor {
    let delta = try delta(of: call.weight).to(call.input.dtype)
    return try call.output + call.operation(call.input, delta)
  }

  /// Nil: most kinds leave the bias as it is.
  public func biasDelta() throws -> Tensor? { nil }

  /// Nil: the kind has no faster form than an ``AdapterSum``.
  public func combined(with others: [any Adapter]) throws -> (any Adapter)? { nil }

  /// The same adapter with its strength multiplied by `factor`.
  public func scaled(by factor: Double) -> Self {
    var adapter = self
    adapter.strength *= factor
    return adapter
  }
}

/// One call of a layer, as its adapter receives it.
public struct LayerCall {
  /// The layer's input: `[..., in]`, or `[B, in, H, W]` of a convolution.
  public let input: Tensor
  /// The layer's output without the adapter, bias included.
  public let output: Tensor
  /// The layer's weight, in the base model's type.
  public let weight: Tensor
  /// The layer's bias, if it has one.
  public let bias: Tensor?
  /// How the layer applies its weight.
  public let operation: LayerOperation

  /// One number for each output feature, in the shape in which it meets the layer's output: `[out]`
  /// or `[1, out, 1, 1]`. Throws `TorchError`.
  func alongOutput(_ values: Tensor) throws -> Tensor {
    switch operation {
    case .linear: try values.reshape([-1])
    case .convolution: try values.reshape([1, -1, 1, 1])
    }
  }
}

/// How a layer applies a weight to its input.
public enum LayerOperation: Sendable {
  /// The product of torch.nn.Linear.
  case linear
  /// The convolution of torch.nn.Conv2d.
  case convolution(stride: Int, padding: Int)

  /// Applies another weight of the layer's shape, without bias. Throws `TorchError`.
  public func callAsFunction(_ x: Tensor, _ weight: Tensor) throws -> Tensor {
    switch self {
    case .linear: try x.linear(weight)
    case .convolution(let stride, let padding):
      try x.conv2d(weight, stride: stride, padding: padding)
    }
  }
}
