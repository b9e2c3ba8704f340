/// A rectangle of pixels.
public struct PixelRect: Sendable, Hashable {
  /// First column.
  public var left: Int
  /// First row.
  public var top: Int
  /// Columns and rows.
  public var size: PixelSize

  /// The rectangle of a size at a place.
  public init(left: Int, top: Int, size: PixelSize) {
    self.left = left
    self.top = top
    self.size = size
  }

  /// The rectangle of a width and height at a place.
  public init(left: Int, top: Int, width: Int, height: Int) {
    self.init(left: left, top: top, size: PixelSize(width: width, height: height))
  }

  /// Its columns; none where the width is not above 0.
  public var columns: Range<Int> { left..<max(left, left + size.width) }

  /// Its rows; none where the height is not above 0.
  public var rows: Range<Int> { top..<max(top, top + size.height) }

  /// The same, moved.
  public func moved(right: Int, down: Int) -> PixelRect {
    PixelRect(left: left + right, top: top + down, size: size)
  }
}
