public import Foundation
import Images
import StableDiffusion

/// One picture of a comparison: a column for each checkpoint with its name and losses above, a row for
/// each prompt and seed with both beside it.
public struct ComparisonSheet {
  private static let gap = 12
  private static let labelWidth = 200
  private static let tileWidths = 160...320
  private static let lineHeight = 16
  private static let grey = RGBColor(red: 110, green: 110, blue: 110)
  private static let black = RGBColor(red: 20, green: 20, blue: 20)

  private let comparison: Comparison
  private let title: [String]
  private let font = BitmapFont.fixed7x13
  private let tile: PixelSize

  /// - Parameter title: sentences above everything.
  public init(_ comparison: Comparison, title: [String]) {
    self.comparison = comparison
    self.title = title
    let style = comparison.style
    let width = min(max(style.width, Self.tileWidths.lowerBound), Self.tileWidths.upperBound)
    tile = PixelSize(
      width: width, height: max(1, (width * style.height + style.width / 2) / style.width))
  }

  /// Writes the sheet, whole or not at all. Throws `ImageError` for a picture that has changed since,
  /// `FileAccessError`.
  ///
  /// - Parameter pictures: a list for each row, with a file for each column.
  public func write(_ pictures: [[URL]], to url: URL) throws {
    let rows = comparison.rows
    let headers = comparison.columns.map { column in
      lines([column.label] + column.notes, width: tile.width)
    }
    let sides = rows.map { lines([$0.prompt, "seed \($0.seed)"], width: Self.labelWidth) }
    let width =
      Self.gap + Self.labelWidth + Self.gap + comparison.columns.count * (tile.width + Self.gap)
    let head = lines(title, width: width - 2 * Self.gap)
    let headerTop = Self.gap + head.count * Self.lineHeight + (head.isEmpty ? 0 : Self.gap)
    let top = headerTop + (headers.map(\.count).max() ?? 0) * Self.lineHeight + 4
    let heights = sides.map { max(tile.height, $0.count * Self.lineHeight) + Self.gap }
    var canvas = Canvas(
      size: PixelSize(width: width, height: top + heights.reduce(0, +)))
    write(head, left: Self.gap, top: Self.gap, on: &canvas)
    for (column, header) in headers.enumerated() {
      write(header, left: left(of: column), top: headerTop, on: &canvas)
    }
    var y = top
    for row in rows.indices {
      write(sides[row], left: Self.gap, top: y, on: &canvas)
      for column in comparison.columns.indices {
        let image = try ImageDecoder.decode(contentsOf: pictures[row][column])
        canvas.paste(try Resampling(resized: tile)(image), left: left(of: column), top: y)
      }
      y += heights[row]
    }
    try PictureFile.write(canvas.image, text: [("parameters", legend)], to: url)
  }

  private func left(of column: Int) -> Int {
    2 * Self.gap + Self.labelWidth + column * (tile.width + Self.gap)
  }

  private func lines(_ texts: [String], width: Int) -> [(text: Substring, isFirst: Bool)] {
    texts.enumerated().flatMap { number, text in
      font.lines(of: text, columns: width / font.cell.width).map { ($0, number == 0) }
    }
  }

  private func write(
    _ lines: [(text: Substring, isFirst: Bool)], left: Int, top: Int, on canvas: inout Canvas
  ) {
    for (number, line) in lines.enumerated() {
      canvas.write(
        line.text, left: left, top: top + number * Self.lineHeight,
        line.isFirst ? Self.black : Self.grey, font: font)
    }
  }

  /// What the file says of itself.
  private var legend: String {
    "rows: \(comparison.prompts.joined(separator: " | ")), seeds "
      + comparison.seeds.map(String.init).joined(separator: ", ") + "\ncolumns: "
      + comparison.columns.map(\.label).joined(separator: " | ")
  }
}
