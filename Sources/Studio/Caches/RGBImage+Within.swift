import Images

extension RGBImage {
  /// The image, scaled down if a side is longer. Throws `ResamplingError`.
  func within(_ side: Int) throws -> RGBImage {
    let longest = max(width, height)
    guard longest > side else { return self }
    let size = PixelSize(
      width: max(1, width * side / longest), height: max(1, height * side / longest))
    return try Resampling(resized: size, top: 0, left: 0, size: size)(self)
  }
}
