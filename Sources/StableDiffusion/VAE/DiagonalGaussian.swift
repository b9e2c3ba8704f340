public import Torch

/// The encoder's distribution over latents (Kingma & Welling 2014; diffusers
/// `DiagonalGaussianDistribution`).
public struct DiagonalGaussian {
  /// `[B, C, H, W]`; also the most likely latents.
  public let mean: Tensor
  /// The logarithm of the variance, `[B, C, H, W]`, clamped to -30...20.
  public let logvar: Tensor

  /// - Parameter moments: mean and log variance, `[B, 2C, H, W]`.
  public init(moments: Tensor) throws {
    let halves = try moments.chunk(2, dim: 1)
    mean = halves[0]
    logvar = try halves[1].clamp(min: -30, max: 20)
  }

  /// A distribution with known mean and log variance.
  public init(mean: Tensor, logvar: Tensor) {
    self.mean = mean
    self.logvar = logvar
  }

  /// The standard deviation, `[B, C, H, W]`.
  public func standardDeviation() throws -> Tensor { try (logvar * 0.5).exp() }

  /// A sample from standard normal `noise`, `[B, C, H, W]`.
  public func sample(noise: Tensor) throws -> Tensor { try mean + standardDeviation() * noise }
}
