package import Foundation
import Images

/// The pictures of a campaign in one image: a row for each combination of entries, a column for each
/// strength and seed, with labels.
package struct CampaignSheet {
  private static let tileSide = 192
  private static let labelWidth = 196
  /// A larger sheet is hard to read.
  private static let mostRows = 30
  private static let mostColumns = 12

  private let campaign: Campaign
  private let folder: URL

  /// - Parameter folder: the folder of the pictures.
  package init(_ campaign: Campaign, in folder: URL) {
    self.campaign = campaign
    self.folder = folder
  }

  /// Writes `sheet.png`, and `sheet-2.png` and so on for more than 30 rows or 12 columns. Missing
  /// pictures are marked as not drawn. Throws `FileAccessError`, `ImageError`.
  ///
  /// - Returns: the files.
  @discardableResult
  package func write() throws -> [URL] {
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
    ImageSheet(
      ImageSheet.Layout(
        tileWidth: Self.tileSide, labelWidth: Self.labelWidth, leastRowHeight: 40),
      columns: columns.map { SheetLine.wrapped(campaign.columns[$0], width: Self.tileSide) },
      rows: try rows.map { row in
        ImageSheet.Row(
          label: SheetLine.wrapped(row.label, width: Self.labelWidth),
          try columns.map { column in
            let tile = try tile(row.pictures[column].file)
            return ImageSheet.Cell(tile, lines: tile == nil ? [SheetLine("not drawn", .gray)] : [])
          })
      }
    ).image()
  }

  /// A picture scaled to a tile; nil if it is not drawn yet.
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
