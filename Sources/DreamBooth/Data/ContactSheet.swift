public import Foundation
import Images

/// Pictures of what training will see: of each image the crop in full light and what falls outside
/// dimmed, and below it the caption.
public struct ContactSheet: Sendable {
  static let tileSide = 380
  private static let columns = 4
  private static let gap = 16
  /// More than these make a picture that is hard to look at.
  private static let tilesPerPage = 60

  private let report: DatasetReport
  private let font = BitmapFont.fixed7x13

  /// The sheet of a report.
  public init(_ report: DatasetReport) { self.report = report }

  /// Writes the sheet, whole or not at all: 60 images in `url`, the next in `name-2.png`, and so on.
  /// Throws `ImageError` for a picture that has changed since, `FileAccessError`.
  ///
  /// - Parameter progress: told how many images are drawn.
  /// - Returns: the files.
  public func write(
    to url: URL, progress: @Sendable (_ done: Int, _ count: Int) -> Void
  ) throws -> [URL] {
    let count = report.images.count
    let starts = Array(stride(from: 0, to: count, by: Self.tilesPerPage))
    let masks = report.config.masks
    return try starts.enumerated().map { number, start in
      let images = Array(report.images[start..<min(start + Self.tilesPerPage, count)])
      let tiles = concurrentMap(
        images, { image in Result { try SheetTile(image, masks: masks) } },
        progress: { progress(start + $0, count) })
      let file = number == 0 ? url : url.numbered(number + 1)
      let page = starts.count > 1 ? "page \(number + 1) of \(starts.count)" : nil
      try PictureFile.write(draw(tiles.map { try $0.get() }, page: page), text: [], to: file)
      return file
    }
  }

  private func draw(_ tiles: [SheetTile], page: String?) -> RGBImage {
    let columns = max(1, min(Self.columns, tiles.count))
    let rows = stride(from: 0, to: tiles.count, by: columns).map {
      Array(tiles[$0..<min($0 + columns, tiles.count)])
    }
    let width = Self.gap + columns * (Self.tileSide + Self.gap)
    let head = header(page).flatMap {
      font.lines(of: $0, columns: (width - 2 * Self.gap) / font.cell.width)
    }
    let lineHeight = SheetTile.lineHeight
    let headHeight = Self.gap + head.count * lineHeight
    let heights = rows.map { row in
      SheetRow(
        pictures: row.map(\.picture.height).max() ?? 0, texts: row.map(\.textHeight).max() ?? 0)
    }
    let height = headHeight + heights.reduce(0) { $0 + $1.height + Self.gap } + Self.gap
    var canvas = Canvas(size: PixelSize(width: width, height: height))
    for (number, line) in head.enumerated() {
      canvas.write(
        line, left: Self.gap, top: Self.gap + number * lineHeight, .black, font: font)
    }
    var top = headHeight + Self.gap
    for (row, heights) in zip(rows, heights) {
      for (column, tile) in row.enumerated() {
        tile.draw(
          on: &canvas, left: Self.gap + column * (Self.tileSide + Self.gap), top: top,
          pictureHeight: heights.pictures, font: font)
      }
      top += heights.height + Self.gap
    }
    return canvas.image
  }

  private func header(_ page: String?) -> [String] {
    let config = report.config
    let count = report.images.count
    let facts = [
      "\(config.subject): \(count) \(count == 1 ? "picture" : "pictures") at \(report.resolution) "
        + "pixels", "steps per epoch: \(report.stepsPerEpoch)", page,
    ]
    var legend = "In full light: what training sees; dimmed: what is cut off."
    if report.images.contains(where: { $0.image.mask != nil }) && config.masks {
      legend += " Pink: masked, the loss counts it by \(config.maskFloor) at least."
    }
    if config.crop == .random {
      legend += " Crops are drawn anew in every epoch; these are in the middle."
    }
    if config.flip { legend += " Half of the samples are mirrored." }
    return [facts.compactMap { $0 }.joined(separator: ", "), legend]
  }

  private struct SheetRow {
    let pictures: Int
    let texts: Int
    var height: Int { pictures + texts }
  }
}

extension URL {
  /// `sheet.png` as `sheet-2.png`.
  fileprivate func numbered(_ number: Int) -> URL {
    let name = deletingPathExtension().lastPathComponent
    return deletingLastPathComponent().appending(path: "\(name)-\(number).\(pathExtension)")
  }
}

extension RGBColor {
  static let black = RGBColor(red: 0, green: 0, blue: 0)
  static let gray = RGBColor(red: 110, green: 110, blue: 110)
  static let red = RGBColor(red: 200, green: 0, blue: 0)
  static let pink = RGBColor(red: 255, green: 0, blue: 160)
}
