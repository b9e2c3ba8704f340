import Images
import Torch

/// An image as the VAE sees it.
enum TrainingPicture {
  /// The pixels of an image, resampled and cropped: float32 `[1, 3, height, width]` in -1...1, on
  /// the CPU. Throws `ImageError`, `TorchError`.
  static func pixels(of image: DatasetImage, _ geometry: CropGeometry) throws -> Tensor {
    let decoded = try ImageDecoder.decode(contentsOf: image.url)
    let bytes = try Tensor(decoded.pixels, shape: [1, decoded.height, decoded.width, 3])
    let resized = try bytes.to(.float32).permute([0, 3, 1, 2])  // [1, 3, H, W]
      .bicubicResized(height: geometry.resizedHeight, width: geometry.resizedWidth)
    let cropped =
      try resized
      .narrow(dim: 2, start: geometry.cropTop, length: geometry.targetHeight)
      .narrow(dim: 3, start: geometry.cropLeft, length: geometry.targetWidth)
    // Whole numbers, as an image editor would have left them: training then sees what a saved crop
    // would give.
    return try cropped.round().clamp(min: 0, max: 255) / 127.5 - 1
  }
}
