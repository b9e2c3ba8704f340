import Foundation
import Images

/// The pictures of base and adapter on one sheet.
struct ContactSheet {
  private static let columns = 12
  private static let enlargement = 2

  let base: [RGBImage]
  let adapter: [RGBImage]

  /// Writes `comparison.png`, with each row of the base above one of the adapter, and every picture
  /// in `base/` and `adapter/`.
  func write(to folder: URL) throws {
    for (name, pictures) in [("base", base), ("adapter", adapter)] {
      let place = folder.appending(path: name)
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for (index, picture) in pictures.enumerated() {
        let file = place.appending(path: "\(index < 9 ? "0" : "")\(index + 1).png")
        try PNGEncoder.encode(picture).write(to: file)
      }
    }
    let rows = try stride(from: 0, to: base.count, by: Self.columns).flatMap { start in
      let range = start..<min(start + Self.columns, base.count)
      return [try base[range].map(enlarged), try adapter[range].map(enlarged)]
    }
    try PNGEncoder.encode(ImageGrid.compose(rows: rows))
      .write(to: folder.appending(path: "comparison.png"))
  }

  /// The picture with every pixel as a square.
  private func enlarged(_ image: RGBImage) throws -> RGBImage {
    let factor = Self.enlargement
    var pixels: [UInt8] = []
    for y in 0..<image.height * factor {
      for x in 0..<image.width * factor {
        let start = (y / factor * image.width + x / factor) * 3
        pixels += image.pixels[start..<start + 3]
      }
    }
    return try RGBImage(
      width: image.width * factor, height: image.height * factor, pixels: pixels)
  }
}
