public import Torch

/// A table of vectors looked up by number (torch.nn.Embedding).
public final class Embedding: Module {
  /// The weight under the key `weight`.
  public let weight: Parameter

  /// A table of `count` vectors of `size` values.
  public init(_ count: Int, _ size: Int) { weight = Parameter([count, size]) }

  /// The vectors of int64 `ids`: `[...]` to `[..., size]`.
  public func callAsFunction(_ ids: Tensor) throws -> Tensor { try ids.embedding(weight.tensor) }
}
