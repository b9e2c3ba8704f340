public import Files

/// An image of one channel in memory, for example a mask: rows from top to bottom without padding.
public struct GrayImage: Sendable, Equatable {
  package let width: Int
  package let height: Int
  /// One byte for each pixel: `[H, W]`.
  package let pixels: [UInt8]

  /// Throws `GrayImageError` unless both sides are positive and `pixels` has one byte for each
  /// pixel.
  public init(width: Int, height: Int, pixels: [UInt8]) throws(GrayImageError) {
    guard width > 0, height > 0, pixels.count == width * height else {
      throw GrayImageError(width: width, height: height, byteCount: pixels.count)
    }
    self.init(width: width, height: height, counted: pixels)
  }

  /// For pixels whose number is right by construction.
  init(width: Int, height: Int, counted pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  package var size: PixelSize { PixelSize(width: width, height: height) }
}

/// Pixels whose number does not fit the size of a one-channel image.
public struct GrayImageError: ReportableError, Equatable {
  /// The requested width.
  public let width: Int
  /// The requested height.
  public let height: Int
  /// The number of bytes given.
  public let byteCount: Int

  /// The kind of error.
  public var kind: ErrorKind {
    .internal
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    "An image of \(width) x \(height) pixels and one channel cannot be made of \(byteCount) bytes; "
      + "give positive sides and one byte per pixel."
  }
}
