import NN
import Torch

/// Enlarges by repeating pixels, then smooths by a convolution (diffusers `Upsample2D`).
final class Upsample2D: Module {
  let conv: Conv2d

  init(_ channels: Int) {
    conv = Conv2d(channels, channels, kernelSize: 3, padding: 1)
  }

  /// `[B, C, H, W]` to `[B, C, 2H, 2W]`.
  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    try self(sample, height: 2 * sample.shape[2], width: 2 * sample.shape[3])
  }

  /// `[B, C, H, W]` to `[B, C, height, width]`.
  func callAsFunction(_ sample: Tensor, height: Int, width: Int) throws -> Tensor {
    try conv(sample.upsampleNearest2d(height: height, width: width))
  }
}
