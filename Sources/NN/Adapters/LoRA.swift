public import Torch

/// A trained low-rank update of a frozen linear layer: `y += alpha / rank * up(down(x))` (Hu et al.
/// 2021, "LoRA: Low-Rank Adaptation of Large Language Models"). On a convolution, `down` has its
/// kernel and `up` is 1 x 1 (LoCon of LyCORIS, Yeh et al. 2023).
public final class LoRA {
  /// `[rank, in]`, or `[rank, in, k, k]` for a convolution; float32, trained.
  public let down: Tensor

  /// `[out, rank]`, or `[out, rank, 1, 1]` for a convolution; float32, trained.
  public let up: Tensor

  /// What the update is multiplied with: alpha / rank, times the strength asked for.
  public let scale: Double

  /// An adapter with the given matrices.
  public init(down: Tensor, up: Tensor, scale: Double) {
    self.down = down
    self.up = up
    self.scale = scale
  }

  /// One adapter that does what several do together: their matrices side by side.
  public static func sum(_ adapters: [LoRA]) throws -> LoRA {
    if adapters.count == 1 { return adapters[0] }
    return LoRA(
      down: try .cat(adapters.map(\.down), dim: 0),
      up: try .cat(adapters.map { try $0.up * $0.scale }, dim: 1), scale: 1)
  }

  /// `base + scale * up(down(x))`. The float32 matrices are used in the type of `x`, which keeps
  /// activations in the base's precision and the gradients of the matrices in float32.
  func added(to base: Tensor, input x: Tensor) throws -> Tensor {
    let low = try x.linear(down.to(x.dtype))
    return try base.addingLinear(low, up.to(x.dtype), scale: scale)
  }

  /// As `added(to:input:)`, on a convolution of this stride and padding.
  func added(to base: Tensor, input x: Tensor, stride: Int, padding: Int) throws -> Tensor {
    let low = try x.conv2d(down.to(x.dtype), stride: stride, padding: padding)
    return try base + low.conv2d(up.to(x.dtype)) * scale
  }

  /// What adding the update to a weight adds to it, float32 in the weight's shape.
  func update(of shape: [Int]) throws -> Tensor {
    let rank = down.shape[0]
    return try up.reshape([-1, rank]).matmul(down.reshape([rank, -1])).reshape(shape) * scale
  }
}
