/// Width and height in pixels.
public struct PixelSize: Sendable, Hashable, CustomStringConvertible {
  /// Pixels in a row.
  public var width: Int
  /// Rows.
  public var height: Int

  /// A size of so many pixels.
  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// All pixels.
  public var area: Int { width * height }

  /// Rows become columns.
  public var transposed: PixelSize { PixelSize(width: height, height: width) }

  /// `1216x832`
  public var description: String { "\(width)x\(height)" }
}
