import Torch

/// An RGB bitmap: a drawn picture, or an image to encode.
public struct Picture: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Red, green and blue of each pixel, row by row from the top: `[height, width, 3]`.
  public let pixels: [UInt8]

  /// A bitmap of `width * height * 3` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

extension Picture {
  /// `[1, 3, height, width]` from -1 to 1, the input of the VAE's encoder.
  func tensor() throws(TorchError) -> Tensor {
    let bytes = try Tensor(pixels.map { Float($0) }, shape: [1, height, width, 3])
    return try (bytes / 255).permute([0, 3, 1, 2]) * 2 - 1
  }

  /// The pictures in the VAE decoder's output, `[B, 3, H, W]` from -1 to 1.
  static func pictures(of decoded: Tensor) throws(TorchError) -> [Picture] {
    let unit = try (decoded * 0.5 + 0.5).clamp(min: 0, max: 1).to(.float32)
    let bytes = try (unit * 255).round().to(.uint8).permute([0, 2, 3, 1])  // [B, H, W, 3]
    var pictures: [Picture] = []
    for index in 0..<bytes.shape[0] {
      pictures.append(
        Picture(
          width: bytes.shape[2], height: bytes.shape[1],
          pixels: try bytes.select(dim: 0, index: index).uint8s()))
    }
    return pictures
  }
}
