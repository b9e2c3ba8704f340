extension RGBImage {
  /// The image with left and right exchanged.
  public var mirrored: RGBImage {
    RGBImage(
      width: width, height: height,
      counted: mirroredRows(of: pixels, width: width, height: height, channels: 3))
  }
}

extension GrayImage {
  /// The image with left and right exchanged.
  public var mirrored: GrayImage {
    GrayImage(
      width: width, height: height,
      counted: mirroredRows(of: pixels, width: width, height: height, channels: 1))
  }
}

private func mirroredRows(
  of pixels: [UInt8], width: Int, height: Int, channels: Int
) -> [UInt8] {
  var result = pixels
  for y in 0..<height {
    for x in 0..<width {
      let from = (y * width + x) * channels
      let to = (y * width + width - 1 - x) * channels
      for channel in 0..<channels { result[to + channel] = pixels[from + channel] }
    }
  }
  return result
}
