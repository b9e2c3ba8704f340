public import Files

/// An image in memory: 8-bit RGB, rows from top to bottom without padding.
public struct RGBImage: Sendable, Equatable {
  package let width: Int
  package let height: Int
  /// Red, green and blue of each pixel in turn: `height * width * 3` bytes, that is `[H, W, 3]`.
  package let pixels: [UInt8]

  /// Throws `RGBImageError` unless both sides are positive and `pixels` has three bytes for each
  /// pixel.
  public init(width: Int, height: Int, pixels: [UInt8]) throws(RGBImageError) {
    guard width > 0, height > 0, pixels.count == width * height * 3 else {
      throw RGBImageError(width: width, height: height, byteCount: pixels.count)
    }
    self.init(width: width, height: height, counted: pixels)
  }

  /// For pixels whose number is right by construction.
  init(width: Int, height: Int, counted pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

/// Pixels whose number does not fit the size of an image.
public struct RGBImageError: ReportableError, Equatable {
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
    "An image of \(width) x \(height) pixels cannot be made of \(byteCount) bytes; "
      + "give positive sides and three bytes per pixel."
  }
}

/// A colour of an `RGBImage`, each part from 0 to 255.
public struct RGBColor: Sendable, Equatable {
  package let red: UInt8
  package let green: UInt8
  package let blue: UInt8

  package init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// All parts at 255.
  public static let white = RGBColor(red: 255, green: 255, blue: 255)
}

extension RGBColor {
  package static let black = RGBColor(red: 0, green: 0, blue: 0)
  package static let gray = RGBColor(red: 110, green: 110, blue: 110)
  package static let red = RGBColor(red: 200, green: 0, blue: 0)
  package static let pink = RGBColor(red: 255, green: 0, blue: 160)
}
