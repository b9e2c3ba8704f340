import Foundation

/// One noise level for exponential integrators: the sample is `alpha clean + sigma noise`.
struct SignalLevel {
  let alpha: Float
  let sigma: Float

  /// The level of a latent `clean + sigma noise`, scaled to a variance of 1.
  init(sigma: Float) {
    alpha = 1 / (sigma * sigma + 1).squareRoot()
    self.sigma = sigma * alpha
  }

  /// Half the logarithm of the signal-to-noise ratio; infinite without noise.
  var lambda: Float { log(alpha) - log(sigma) }
}
