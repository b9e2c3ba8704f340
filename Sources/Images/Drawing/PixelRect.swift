/// A rectangle of pixels.
public struct PixelRect: Sendable, Hashable {
  /// First column.
  package var left: Int
  /// First row.
  package var top: Int
  package var size: PixelSize

  package init(left: Int, top: Int, size: PixelSize) {
    self.left = left
    self.top = top
    self.size = size
  }

  package init(left: Int, top: Int, width: Int, height: Int) {
    self.init(left: left, top: top, size: PixelSize(width: width, height: height))
  }

  /// Its columns; empty if the width is not above 0.
  package var columns: Range<Int> { left..<max(left, left + size.width) }

  /// Its rows; empty if the height is not above 0.
  package var rows: Range<Int> { top..<max(top, top + size.height) }

  /// The rectangle moved by a number of pixels.
  package func moved(right: Int, down: Int) -> PixelRect {
    PixelRect(left: left + right, top: top + down, size: size)
  }
}
