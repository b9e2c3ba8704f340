import Files
public import Foundation
import Images

/// A sheet of what training will see: each image, dimmed outside its crop, with its caption below.
public struct ContactSheet: Sendable {
  package static let tileSide = 380
  private static let columns = 4
  private static let gap = 16
  /// More tiles would make a file that is hard to view.
  private static let tilesPerPage = 60

  private let report: DatasetReport

  /// The sheet of a report.
  public init(_ report: DatasetReport) { self.report = report }

  /// Writes the sheet, whole or not at all: 60 images in `url`, the next in `name-2.png`, and so
  /// on. Throws `ImageError` for an image that has changed since, `FileAccessError`.
  ///
  /// - Parameter progress: Called with the number of images drawn.
  /// - Returns: The files.
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
      "\(config.subject): \(count) \(count == 1 ? "image" : "images") at \(report.resolution) "
        + "pixels", "steps per epoch: \(report.stepsPerEpoch)", page,
    ]
    var legend = "Bright: what training sees. Dimmed: what is cut off."
    if report.images.contains(where: { $0.image.mask != nil }) && config.masks {
      legend += " Pink: masked, with a loss weight of at least \(config.maskFloor)."
    }
    if config.crop == .random {
      legend += " Every epoch has other crops; the ones shown are at the center."
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
