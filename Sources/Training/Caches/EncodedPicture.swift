import Datasets
import Images
import StableDiffusion
package import Torch

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

  /// How much memory it takes.
  var bytes: Int { tensors.values.reduce(0) { $0 + $1.byteCount } }

  /// What is kept of it.
  var tensors: [String: Tensor] {
    var tensors = ["mean": posterior.mean, "logvar": posterior.logvar]
    tensors["mask"] = mask
    return tensors
  }
}

extension PictureCrop {
  /// float32 `[1, 3, height, width]` in -1...1, on the CPU. Throws `TorchError`.
  package func pixels() throws -> Tensor {
    try Tensor(picture.pixels, shape: [1, picture.height, picture.width, 3])
      .to(.float32).permute([0, 3, 1, 2]) / 127.5 - 1
  }

  /// The means of the mask over squares of `scale` x `scale` pixels, of which both sides are a
  /// multiple: float32 `[1, 1, height / scale, width / scale]` in 0...1, on the CPU. nil without a
  /// mask. Throws `TorchError`.
  package func weights(scale: Int) throws -> Tensor? {
    guard let mask else { return nil }
    let (rows, columns) = (mask.height / scale, mask.width / scale)
    return try Tensor(mask.pixels, shape: [mask.height, mask.width])
      .reshape([1, 1, rows, scale, columns, scale]).to(.float32).mean(dims: [3, 5]) / 255
  }
}
