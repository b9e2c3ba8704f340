public import Torch

/// What changes a frozen layer, a `Linear` or a `Conv2d`, in whose slot it is.
///
/// An adapter is a value: its tensors are shared by its copies, its strength is each copy's own.
public protocol Adapter {
  /// The trained tensors, float32, by their names in files below the layer's: `lora_A.weight`. They
  /// are what an optimizer changes, a checkpoint keeps and gradient checkpointing tracks.
  var tensors: [(name: String, tensor: Tensor)] { get }

  /// A factor on all that the adapter changes: 1 in training, any number when an image is drawn.
  var strength: Double { get set }

  /// The layer's output with the adapter, of the shape and type of `call.output`. It may add to that
  /// output, as LoRA does, or replace it. Throws `TorchError`.
  func output(of call: LayerCall) throws -> Tensor

  /// What merging adds to a weight, float32 in the weight's shape. Throws `TorchError`.
  func delta(of weight: Tensor) throws -> Tensor

  /// One adapter that changes a layer as this one and `others` do together, where there is one that
  /// is faster than an ``AdapterSum``. Throws `TorchError`.
  func combined(with others: [any Adapter]) throws -> (any Adapter)?
}

extension Adapter {
  /// The output as it is with the merged weight, for adapters that have no faster way.
  public func output(of call: LayerCall) throws -> Tensor {
    let delta = try delta(of: call.weight).to(call.input.dtype)
    return try call.output + call.operation(call.input, delta)
  }

  /// None.
  public func combined(with others: [any Adapter]) throws -> (any Adapter)? { nil }

  /// The same adapter, so many times as strong.
  public func scaled(by factor: Double) -> Self {
    var adapter = self
    adapter.strength *= factor
    return adapter
  }
}

/// One call of a layer, as its adapter sees it.
public struct LayerCall {
  /// What the layer is applied to: `[..., in]`, or `[B, in, H, W]` of a convolution.
  public let input: Tensor
  /// What the layer gives for it, bias included.
  public let output: Tensor
  /// The layer's weight, in the base model's type.
  public let weight: Tensor
  /// The layer's bias, where it has one.
  public let bias: Tensor?
  /// How the layer applies its weight.
  public let operation: LayerOperation
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
