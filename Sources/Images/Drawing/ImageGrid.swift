public import Files

/// Images of one size in rows and columns.
public enum ImageGrid {
  /// Puts `rows` of images below each other, with `gap` pixels of `background` between neighbours
  /// and no margin. Shorter rows are filled with `background`.
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
    return ImageSheet(
      ImageSheet.Layout(tileWidth: first.width, gap: gap, margin: 0),
      rows: rows.map { row in ImageSheet.Row(row.map { ImageSheet.Cell($0) }) }
    ).image(background: background)
  }
}

/// Images that do not form a grid.
public enum ImageGridError: ReportableError, Equatable {
  case noImages
  case negativeGap(Int)
  case unequalSizes(width: Int, height: Int, otherWidth: Int, otherHeight: Int)

  /// The kind of error.
  public var kind: ErrorKind {
    .internal
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .noImages:
      "A grid was given no images; give at least one."
    case .negativeGap(let gap):
      "The gap between the images of a grid cannot be \(gap) pixels; give 0 or more."
    case .unequalSizes(let width, let height, let otherWidth, let otherHeight):
      "A grid cannot contain images of \(width) x \(height) and of \(otherWidth) x \(otherHeight) "
        + "pixels; give images of one size."
    }
  }
}
