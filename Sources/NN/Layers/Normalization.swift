public import Torch

/// Normalisation over groups of channels of `[B, C, ...]` (Wu & He 2018, torch.nn.GroupNorm).
public final class GroupNorm: UnaryLayer {
  /// The weight under the key `weight`.
  public let weight: Parameter
  /// The bias under the key `bias`.
  public let bias: Parameter
  private let groups: Int
  private let eps: Double

  /// A layer over `channels`, which `groups` divides.
  public init(groups: Int, channels: Int, eps: Double) {
    weight = Parameter([channels])
    bias = Parameter([channels])
    self.groups = groups
    self.eps = eps
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.groupNorm(groups, weight.tensor, bias.tensor, eps: eps)
  }

  /// Applies the layer, then ``SiLU``. With frozen weights both are one node of the graph, which keeps
  /// its input only.
  public func activated(_ x: Tensor) throws -> Tensor {
    try x.groupNormSiLU(groups, weight.tensor, bias.tensor, eps: eps)
  }
}

/// Normalisation over the last dimension (Ba et al. 2016, torch.nn.LayerNorm).
public final class LayerNorm: UnaryLayer {
  /// The weight under the key `weight`.
  public let weight: Parameter
  /// The bias under the key `bias`.
  public let bias: Parameter
  let eps: Double

  /// A layer over `[..., size]`.
  public init(_ size: Int, eps: Double = 1e-5) {
    weight = Parameter([size])
    bias = Parameter([size])
    self.eps = eps
  }

  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.layerNorm(weight.shape, weight.tensor, bias.tensor, eps: eps)
  }
}
