public import Foundation
import Images
import StableDiffusion

/// One picture of a comparison: a column for each checkpoint with its name and losses above, a row for
/// each prompt and seed with both beside it.
public struct ComparisonSheet {
  private static let labelWidth = 200
  private static let tileWidths = 160...320
  private static let black = RGBColor(red: 20, green: 20, blue: 20)

  private let comparison: Comparison
  private let title: [String]
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

  /// The width of all columns and the texts beside the rows.
  private var layoutWidth: Int {
    Self.labelWidth + comparison.columns.count * (layout.gap + tile.width)
  }

  /// The first text in black, the others in gray.
  private func lines(_ texts: [String], width: Int) -> [SheetLine] {
    texts.enumerated().flatMap { number, text in
      SheetLine.wrapped(text, width: width, number == 0 ? Self.black : .gray)
    }
  }

  /// What the file says of itself.
  private var legend: String {
    "rows: \(comparison.prompts.joined(separator: " | ")), seeds "
      + comparison.seeds.map(String.init).joined(separator: ", ") + "\ncolumns: "
      + comparison.columns.map(\.label).joined(separator: " | ")
  }
}
