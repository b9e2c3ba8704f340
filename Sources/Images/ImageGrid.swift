/// Pictures of one size side by side.
public enum ImageGrid {
  /// Puts `rows` of pictures under each other, `gap` pixels of `background` between neighbours and
  /// none around them. A row shorter than the longest is filled up with `background`.
  public static func compose(
    rows: [[RGBImage]], gap: Int = 8, background: RGBColor = .white
  ) throws(ImageGridError) -> RGBImage {
    guard let first = rows.joined().first else { throw .noImages }
    guard gap >= 0 else { throw .negativeGap(gap) }
    for other in rows.joined() where (other.width, other.height) != (first.width, first.height) {
      throw .unequalSizes(
        width: first.width, height: first.height, otherWidth: other.width,
        otherHeight: other.height)
    }
    let columns = rows.map(\.count).max() ?? 0
    let width = columns * (first.width + gap) - gap
    let height = rows.count * (first.height + gap) - gap

    var pixels: [UInt8] = []
    pixels.reserveCapacity(width * height * 3)
    let emptyRow = (0..<width).flatMap { _ in [background.red, background.green, background.blue] }
    for _ in 0..<height {
      pixels += emptyRow
    }
    let rowSize = first.width * 3
    for (row, images) in rows.enumerated() {
      for (column, image) in images.enumerated() {
        let corner = (row * (first.height + gap) * width + column * (first.width + gap)) * 3
        for y in 0..<first.height {
          let start = corner + y * width * 3
          pixels[start..<start + rowSize] = image.pixels[y * rowSize..<(y + 1) * rowSize]
        }
      }
    }
    return RGBImage(width: width, height: height, counted: pixels)
  }
}

/// Pictures that do not make up a grid.
public enum ImageGridError: Error, Equatable, CustomStringConvertible {
  case noImages
  case negativeGap(Int)
  case unequalSizes(width: Int, height: Int, otherWidth: Int, otherHeight: Int)

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noImages:
      "A grid cannot be made of no pictures; give at least one."
    case .negativeGap(let gap):
      "The gap between the pictures of a grid cannot be \(gap) pixels; give 0 or more."
    case .unequalSizes(let width, let height, let otherWidth, let otherHeight):
      "A grid cannot hold pictures of \(width) x \(height) and of \(otherWidth) x \(otherHeight) "
        + "pixels; give pictures of one size."
    }
  }
}
