import Images
import Torch

/// A picture as one sample of training sees it, decoded, resampled, cropped and mirrored.
struct PictureCrop: Sendable {
  /// Of the target's size.
  let picture: RGBImage
  /// What weighs the loss, of the target's size: 255 counts whole. nil: all of it does.
  let mask: GrayImage?

  /// float32 `[1, 3, height, width]` in -1...1, on the CPU. Throws `TorchError`.
  func pixels() throws -> Tensor {
    try Tensor(picture.pixels, shape: [1, picture.height, picture.width, 3])
      .to(.float32).permute([0, 3, 1, 2]) / 127.5 - 1
  }

  /// The means of the mask over squares of `scale` x `scale` pixels, of which both sides are a
  /// multiple: float32 `[1, 1, height / scale, width / scale]` in 0...1, on the CPU. nil without a
  /// mask. Throws `TorchError`.
  func weights(scale: Int) throws -> Tensor? {
    guard let mask else { return nil }
    let (rows, columns) = (mask.height / scale, mask.width / scale)
    return try Tensor(mask.pixels, shape: [mask.height, mask.width])
      .reshape([1, 1, rows, scale, columns, scale]).to(.float32).mean(dims: [3, 5]) / 255
  }
}
