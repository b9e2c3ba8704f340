import Files
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
        images, { image in Result { try SheetTile(image, masks: masks).cell } },
        progress: { progress(start + $0, count) })
      let file = number == 0 ? url : url.numbered(number + 1)
      let page = starts.count > 1 ? "page \(number + 1) of \(starts.count)" : nil
      try DurableFile.replace(
        file, with: PNGEncoder.encode(draw(tiles.map { try $0.get() }, page: page), text: []))
      return file
    }
  }

  private func draw(_ tiles: [ImageSheet.Cell], page: String?) -> RGBImage {
    let columns = max(1, min(Self.columns, tiles.count))
    let layout = ImageSheet.Layout(tileWidth: Self.tileSide, gap: Self.gap)
    let width = columns * (Self.tileSide + Self.gap) - Self.gap
    return ImageSheet(
      layout, head: header(page).flatMap { SheetLine.wrapped($0, width: width) },
      rows: stride(from: 0, to: tiles.count, by: columns).map {
        ImageSheet.Row(Array(tiles[$0..<min($0 + columns, tiles.count)]))
      }
    ).image()
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
}

extension URL {
  /// `sheet.png` as `sheet-2.png`.
  fileprivate func numbered(_ number: Int) -> URL {
    let name = deletingPathExtension().lastPathComponent
    return deletingLastPathComponent().appending(path: "\(name)-\(number).\(pathExtension)")
  }
}
