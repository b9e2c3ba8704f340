public import Files

/// A picture in memory: 8-bit RGB, rows from top to bottom without padding.
public struct RGBImage: Sendable, Equatable {
  /// Pixels in a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// Red, green and blue of each pixel in turn: `height * width * 3` bytes, that is `[H, W, 3]`.
  public let pixels: [UInt8]

  /// Throws `RGBImageError` unless both sides are positive and `pixels` has three bytes for each
  /// pixel.
  public init(width: Int, height: Int, pixels: [UInt8]) throws(RGBImageError) {
    guard width > 0, height > 0, pixels.count == width * height * 3 else {
      throw RGBImageError(width: width, height: height, byteCount: pixels.count)
    }
    self.init(width: width, height: height, counted: pixels)
  }

  /// Of pixels whose number is right by construction.
  init(width: Int, height: Int, counted pixels: [UInt8]) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

/// Pixels that do not make up a picture of the size given.
public struct RGBImageError: ReportableError, Equatable {
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
    "A picture of \(width) x \(height) pixels cannot be made of \(byteCount) bytes; "
      + "give positive sides and three bytes a pixel."
  }
}

/// One colour of an `RGBImage`.
public struct RGBColor: Sendable, Equatable {
  /// 0 to 255.
  public let red: UInt8
  /// 0 to 255.
  public let green: UInt8
  /// 0 to 255.
  public let blue: UInt8

  /// A colour of its three parts.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// The lightest colour there is.
  public static let white = RGBColor(red: 255, green: 255, blue: 255)
}

extension RGBColor {
  package static let black = RGBColor(red: 0, green: 0, blue: 0)
  package static let gray = RGBColor(red: 110, green: 110, blue: 110)
  package static let red = RGBColor(red: 200, green: 0, blue: 0)
  package static let pink = RGBColor(red: 255, green: 0, blue: 160)
}
