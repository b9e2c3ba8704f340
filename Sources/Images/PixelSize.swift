/// Width and height in pixels.
public struct PixelSize: Sendable, Hashable, CustomStringConvertible {
  package var width: Int
  package var height: Int

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// The number of pixels.
  package var area: Int { width * height }

  /// The size with width and height exchanged.
  package var transposed: PixelSize { PixelSize(width: height, height: width) }

  /// `1216x832`
  public var description: String { "\(width)x\(height)" }
}
