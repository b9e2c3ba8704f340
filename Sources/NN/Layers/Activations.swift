public import Torch

/// x sigmoid(x) (torch.nn.SiLU).
public final class SiLU: UnaryLayer {
  /// The activation.
  public init() {}

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { try x.silu() }
}

/// The exact Gaussian error linear unit (torch.nn.GELU).
public final class GELU: UnaryLayer {
  /// The activation.
  public init() {}

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { try x.gelu() }
}

/// x sigmoid(1.702 x), the approximation that OpenAI's CLIP was trained with.
public final class QuickGELU: UnaryLayer {
  /// The activation.
  public init() {}

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { try x * (x * 1.702).sigmoid() }
}

/// The input unchanged. Takes the index in a list at which a checkpoint has a layer without
/// weights.
public final class Identity: UnaryLayer {
  /// The layer.
  public init() {}

  /// Returns the input.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { x }
}
