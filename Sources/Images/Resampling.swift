import CImageCodecs
public import Files

/// Scales an image with Pillow's antialiased bicubic filter, on the encoded (not linear) values as
/// in Pillow, and crops a rectangle of the result.
public struct Resampling: Sendable, Equatable {
  /// Size of the whole image after scaling.
  public let resized: PixelSize
  /// First row of the rectangle in the scaled image.
  public let top: Int
  /// First column of the rectangle in the scaled image.
  public let left: Int
  /// The rectangle's size.
  public let size: PixelSize

  /// A rectangle of the scaled image; by default all of it.
  public init(resized: PixelSize, top: Int = 0, left: Int = 0, size: PixelSize? = nil) {
    self.resized = resized
    self.top = top
    self.left = left
    self.size = size ?? resized
  }

  /// Scales and crops. Throws `ResamplingError` for a rectangle that is not within the scaled
  /// image.
  public func callAsFunction(_ image: RGBImage) throws(ResamplingError) -> RGBImage {
    let from = PixelSize(width: image.width, height: image.height)
    let pixels = try resample(image.pixels, of: from, channels: 3)
    return RGBImage(width: size.width, height: size.height, counted: pixels)
  }

  /// Scales and crops. Throws `ResamplingError` for a rectangle that is not within the scaled
  /// image.
  public func callAsFunction(_ image: GrayImage) throws(ResamplingError) -> GrayImage {
    let pixels = try resample(image.pixels, of: image.size, channels: 1)
    return GrayImage(width: size.width, height: size.height, counted: pixels)
  }

  private func resample(
    _ pixels: [UInt8], of source: PixelSize, channels: Int
  ) throws(ResamplingError) -> [UInt8] {
    let sides = 1...Int(Int32.max)
    guard sides.contains(size.width), sides.contains(size.height), top >= 0, left >= 0,
      sides.contains(resized.width), sides.contains(resized.height),
      size.width <= resized.width - left, size.height <= resized.height - top
    else { throw .outside(self) }
    var window = ci_window(
      source_width: UInt32(source.width), source_height: UInt32(source.height),
      scaled_width: UInt32(resized.width), scaled_height: UInt32(resized.height),
      left: UInt32(left), top: UInt32(top), width: UInt32(size.width), height: UInt32(size.height))
    let byteCount = size.area * channels
    var status = CI_FAILED
    let result = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      if let target = buffer.baseAddress {
        status = ci_resize_bicubic(pixels, UInt32(channels), &window, target)
      }
      count = status == CI_OK ? byteCount : 0
    }
    guard status == CI_OK else { throw .failed(String(cString: ci_error())) }
    return result
  }
}

/// Why an image cannot be scaled.
public enum ResamplingError: ReportableError, Equatable {
  case outside(Resampling)
  /// The reason.
  case failed(String)

  /// The kind of error.
  public var kind: ErrorKind {
    .internal
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .outside(let wanted):
      "An image scaled to \(wanted.resized) has no rectangle of \(wanted.size) at row "
        + "\(wanted.top), column \(wanted.left); give one within it."
    case .failed(let reason):
      "The image cannot be scaled (\(reason)); close other programs or make it smaller."
    }
  }
}
