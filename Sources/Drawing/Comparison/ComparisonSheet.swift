package import Foundation
import Images
import StableDiffusion

/// A comparison as one image: a column for each checkpoint below its title and losses, a row for each
/// prompt and seed.
package struct ComparisonSheet {
  private static let labelWidth = 200
  private static let tileWidths = 160...320
  private static let black = RGBColor(red: 20, green: 20, blue: 20)

  private let comparison: Comparison
  private let title: [String]
  private let tile: PixelSize

  /// - Parameter title: lines above the table.
  package init(_ comparison: Comparison, title: [String]) {
    self.comparison = comparison
    self.title = title
    let style = comparison.style
    let width = min(max(style.width, Self.tileWidths.lowerBound), Self.tileWidths.upperBound)
    tile = PixelSize(
      width: width, height: max(1, (width * style.height + style.width / 2) / style.width))
  }

  /// Replaces the file atomically. Throws `ImageError` for a picture that cannot be decoded, and
  /// `FileAccessError`.
  ///
  /// - Parameter pictures: a list for each row with one file for each column.
  package func write(_ pictures: [[URL]], to url: URL) throws {
    let width = tile.width
    let sheet = ImageSheet(
      layout, head: lines(title, width: layoutWidth),
      columns: comparison.columns.map { lines([$0.label] + $0.notes, width: width) },
      rows: try zip(comparison.rows, pictures).map { row, files in
        ImageSheet.Row(
          label: lines([row.prompt, "seed \(row.seed)"], width: Self.labelWidth),
          try files.map { file in
            ImageSheet.Cell(
              try Resampling(resized: tile)(ImageDecoder.decode(contentsOf: file)))
          })
      })
    try PictureFile.write(sheet.image(), text: [(Infotext.key, legend)], to: url)
  }

  private var layout: ImageSheet.Layout {
    ImageSheet.Layout(tileWidth: tile.width, labelWidth: Self.labelWidth, lineHeight: 16)
  }

  /// The width of all columns and of the row labels.
  private var layoutWidth: Int {
    Self.labelWidth + comparison.columns.count * (layout.gap + tile.width)
  }

  /// The first text in black, the others in gray.
  private func lines(_ texts: [String], width: Int) -> [SheetLine] {
    texts.enumerated().flatMap { number, text in
      SheetLine.wrapped(text, width: width, number == 0 ? Self.black : .gray)
    }
  }

  /// The PNG text with the rows and columns.
  private var legend: String {
    "rows: \(comparison.prompts.joined(separator: " | ")), seeds "
      + comparison.seeds.map(String.init).joined(separator: ", ") + "\ncolumns: "
      + comparison.columns.map(\.label).joined(separator: " | ")
  }
}
