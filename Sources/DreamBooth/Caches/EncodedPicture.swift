import StableDiffusion
import Torch

/// A picture as training reads it, on the CPU.
struct EncodedPicture {
  /// What the VAE sees, float32 `[1, C, h, w]`.
  let posterior: DiagonalGaussian
  /// What each latent pixel's loss counts, 0...1, float32 `[1, 1, h, w]`; nil: all of it.
  let mask: Tensor?

  /// A picture and its mask.
  init(posterior: DiagonalGaussian, mask: Tensor?) {
    self.posterior = posterior
    self.mask = mask
  }

  /// A picture as it was kept; nil where something is missing.
  init?(_ tensors: [String: Tensor]) {
    guard let mean = tensors["mean"], let logvar = tensors["logvar"] else { return nil }
    self.init(posterior: DiagonalGaussian(mean: mean, logvar: logvar), mask: tensors["mask"])
  }

  /// What is kept of it.
  var tensors: [String: Tensor] {
    var tensors = ["mean": posterior.mean, "logvar": posterior.logvar]
    tensors["mask"] = mask
    return tensors
  }
}
