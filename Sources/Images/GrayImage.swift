public import Files

/// One channel of a picture in memory, a mask for example: rows from top to bottom without padding.
public struct GrayImage: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// One byte for each pixel: `[H, W]`.
  public let pixels: [UInt8]

  /// Throws `GrayImageError` unless both sides are positive and `pixels` has one byte for each pixel.
  public init(width: Int, height: Int, pixels: [UInt8]) throws(GrayImageError) {
    guard width > 0, height > 0, pixels.count == width * height else {
      throw GrayImageError(width: width, height: height, byteCount: pixels.count)
    }
    self.init(width: width, height: height, counted: pixels)
  }

  /// Of pixels whose number is right by construction.
  init(width: Int, height: Int, counted pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Width and height.
  public var size: PixelSize { PixelSize(width: width, height: height) }
}

/// Pixels that do not make up a picture of one channel of the size given.
public struct GrayImageError: ReportableError, Equatable {
  /// The width asked for.
  public let width: Int
  /// The height asked for.
  public let height: Int
  /// The bytes given.
  public let byteCount: Int

  /// What kind of fault it is.
  public var kind: ErrorKind {
    .internal
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    "A picture of \(width) x \(height) pixels and one channel cannot be made of \(byteCount) bytes; "
      + "give positive sides and one byte a pixel."
  }
}
