public import Foundation
import Images

/// The pictures of a campaign side by side: a row for the same entries, a column for the same strength
/// and seed, with both written beside them.
public struct CampaignSheet {
  private static let tileSide = 192
  private static let labelWidth = 196
  private static let gap = 12
  private static let lineHeight = 15
  /// More make a picture that is hard to look at.
  private static let mostRows = 30
  private static let mostColumns = 12

  private let campaign: Campaign
  private let folder: URL
  private let font = BitmapFont.fixed7x13

  /// The sheet of a campaign whose pictures lie in a folder.
  public init(_ campaign: Campaign, in folder: URL) {
    self.campaign = campaign
    self.folder = folder
  }

  /// Writes the sheet, each file whole or not at all: `sheet.png`, and where there are more than 30
  /// rows or 12 columns, `sheet-2.png` and so on. What is not drawn is left out. Throws
  /// `FileAccessError`, `ImageError`.
  ///
  /// - Returns: the files.
  @discardableResult
  public func write() throws -> [URL] {
    var files: [URL] = []
    for row in stride(from: 0, to: campaign.rows.count, by: Self.mostRows) {
      for column in stride(from: 0, to: campaign.columns.count, by: Self.mostColumns) {
        let number = files.count + 1
        let file = folder.appending(path: number == 1 ? "sheet.png" : "sheet-\(number).png")
        let page = try page(
          rows: Array(campaign.rows[row...].prefix(Self.mostRows)),
          columns: column..<min(column + Self.mostColumns, campaign.columns.count))
        try PictureFile.write(page, text: [], to: file)
        files.append(file)
      }
    }
    return files
  }

  private func page(rows: [Campaign.Row], columns: Range<Int>) throws -> RGBImage {
    let pictures = try rows.map { row in try columns.map { try tile(row.pictures[$0].file) } }
    let labels = rows.map { font.lines(of: $0.label, columns: Self.labelWidth / font.cell.width) }
    let heads = columns.map {
      font.lines(of: campaign.columns[$0], columns: Self.tileSide / font.cell.width)
    }
    let headHeight = (heads.map(\.count).max() ?? 0) * Self.lineHeight
    let heights = zip(pictures, labels).map { tiles, lines in
      max(tiles.compactMap { $0?.height }.max() ?? 0, lines.count * Self.lineHeight, 40)
    }
    let width = Self.gap + Self.labelWidth + columns.count * (Self.gap + Self.tileSide) + Self.gap
    let height = 2 * Self.gap + headHeight + heights.reduce(0) { $0 + $1 + Self.gap }
    var canvas = Canvas(size: PixelSize(width: width, height: height))
    func left(_ column: Int) -> Int {
      2 * Self.gap + Self.labelWidth + column * (Self.gap + Self.tileSide)
    }
    for (column, lines) in heads.enumerated() {
      write(lines, on: &canvas, left: left(column), top: Self.gap)
    }
    var top = 2 * Self.gap + headHeight
    for (row, tiles) in pictures.enumerated() {
      write(labels[row], on: &canvas, left: Self.gap, top: top)
      for (column, tile) in tiles.enumerated() {
        if let tile {
          canvas.paste(tile, left: left(column), top: top)
        } else {
          canvas.write("not drawn", left: left(column), top: top, .gray, font: font)
        }
      }
      top += heights[row] + Self.gap
    }
    return canvas.image
  }

  private func write(_ lines: [Substring], on canvas: inout Canvas, left: Int, top: Int) {
    for (number, line) in lines.enumerated() {
      canvas.write(line, left: left, top: top + number * Self.lineHeight, .black, font: font)
    }
  }

  /// A picture as large as fits into a tile; nil where there is none.
  private func tile(_ name: String) throws -> RGBImage? {
    let file = folder.appending(path: name)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let picture = try ImageDecoder.decode(contentsOf: file)
    let scale = Double(Self.tileSide) / Double(max(picture.width, picture.height))
    let size = PixelSize(
      width: max(1, Int((Double(picture.width) * scale).rounded())),
      height: max(1, Int((Double(picture.height) * scale).rounded())))
    return try Resampling(resized: size)(picture)
  }
}
