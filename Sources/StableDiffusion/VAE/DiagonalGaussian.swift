public import Torch

/// The encoder's distribution over latents (Kingma & Welling 2014; diffusers
/// `DiagonalGaussianDistribution`).
public struct DiagonalGaussian {
  /// `[B, C, H, W]`; also the most likely latents.
  public let mean: Tensor
  /// The logarithm of the variance, `[B, C, H, W]`, kept between -30 and 20.
  public let logvar: Tensor

  /// - Parameter moments: mean and log variance, `[B, 2C, H, W]`.
  public init(moments: Tensor) throws {
    let halves = try moments.chunk(2, dim: 1)
    mean = halves[0]
    logvar = try halves[1].clamp(min: -30, max: 20)
  }

  /// A posterior whose statistics are known already.
  public init(mean: Tensor, logvar: Tensor) {
    self.mean = mean
    self.logvar = logvar
  }

  /// `[B, C, H, W]`.
  public func standardDeviation() throws -> Tensor { try (logvar * 0.5).exp() }

  /// The latents that standard normal `noise`, `[B, C, H, W]`, leads to.
  public func sample(noise: Tensor) throws -> Tensor { try mean + standardDeviation() * noise }
}
