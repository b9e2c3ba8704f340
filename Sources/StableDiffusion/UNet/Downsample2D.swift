import NN
import Torch

/// Halves height and width by a strided convolution (diffusers `Downsample2D`).
final class Downsample2D: Module {
  let conv: Conv2d
  private let padding: Int

  /// - Parameter padding: 1 in the UNet; 0 in the autoencoder, which pads right and below only.
  init(_ channels: Int, padding: Int) {
    self.padding = padding
    conv = Conv2d(channels, channels, kernelSize: 3, stride: 2, padding: padding)
  }

  /// `[B, C, H, W]` to `[B, C, H / 2, W / 2]`, in the UNet rounded up.
  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    try conv(padding == 0 ? sample.pad([0, 1, 0, 1]) : sample)
  }
}
