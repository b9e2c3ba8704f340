import Datasets
import Images
import StableDiffusion
package import Torch

/// An image as training reads it: latents and mask, on the CPU.
struct EncodedImage {
  /// The VAE's distribution over latents, float32 `[1, C, h, w]`.
  let posterior: DiagonalGaussian
  /// Weight of each latent pixel in the loss, in 0...1, float32 `[1, 1, h, w]`; nil without a mask.
  let mask: Tensor?

  init(posterior: DiagonalGaussian, mask: Tensor?) {
    self.posterior = posterior
    self.mask = mask
  }

  /// Reads the tensors of a cache entry; nil if one is missing.
  init?(_ tensors: [String: Tensor]) {
    guard let mean = tensors["mean"], let logvar = tensors["logvar"] else { return nil }
    self.init(posterior: DiagonalGaussian(mean: mean, logvar: logvar), mask: tensors["mask"])
  }

  /// Size in memory, in bytes.
  var bytes: Int { tensors.values.reduce(0) { $0 + $1.byteCount } }

  /// The tensors of a cache entry, by name.
  var tensors: [String: Tensor] {
    var tensors = ["mean": posterior.mean, "logvar": posterior.logvar]
    tensors["mask"] = mask
    return tensors
  }
}

extension ImageCrop {
  /// The pixels, float32 `[1, 3, height, width]` in -1...1, on the CPU. Throws `TorchError`.
  package func pixels() throws -> Tensor {
    try Tensor(image.pixels, shape: [1, image.height, image.width, 3])
      .to(.float32).permute([0, 3, 1, 2]) / 127.5 - 1
  }

  /// The mask at the size of the latents: its mean over squares of `scale` x `scale` pixels,
  /// float32 `[1, 1, height / scale, width / scale]` in 0...1, on the CPU. Width and height are
  /// multiples of `scale`. nil without a mask. Throws `TorchError`.
  package func weights(scale: Int) throws -> Tensor? {
    guard let mask else { return nil }
    let (rows, columns) = (mask.height / scale, mask.width / scale)
    return try Tensor(mask.pixels, shape: [mask.height, mask.width])
      .reshape([1, 1, rows, scale, columns, scale]).to(.float32).mean(dims: [3, 5]) / 255
  }
}
