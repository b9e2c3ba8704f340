import Foundation
import Images

/// One image on a contact sheet.
struct SheetTile: Sendable {
  static let lineHeight = 15
  private static let mostCaptionLines = 8

  /// The whole image with its crop in full light.
  let picture: RGBImage
  /// What stands below it.
  private let lines: [[Run]]

  /// Words of one colour.
  private struct Run {
    let text: Substring
    let color: RGBColor
  }

  /// Decodes the image. Throws `ImageError`.
  init(_ image: ReportedImage, masks: Bool) throws {
    picture = try Self.picture(of: image, masks: masks)
    lines = Self.lines(of: image, font: .fixed7x13)
  }

  /// Height of the text, with its distance to the picture.
  var textHeight: Int { (lines.count + 1) * Self.lineHeight }

  /// Draws the tile; pictures of one row stand on one line.
  func draw(
    on canvas: inout Canvas, left: Int, top: Int, pictureHeight: Int, font: BitmapFont
  ) {
    canvas.paste(picture, left: left, top: top + pictureHeight - picture.height)
    var lineTop = top + pictureHeight + Self.lineHeight / 2
    for line in lines {
      _ = line.reduce(left) { column, run in
        canvas.write(run.text, left: column, top: lineTop, run.color, font: font)
      }
      lineTop += Self.lineHeight
    }
  }

  private static func picture(of reported: ReportedImage, masks: Bool) throws -> RGBImage {
    let (size, geometry) = (reported.image.size, reported.geometry)
    let scale = Double(ContactSheet.tileSide) / Double(max(size.width, size.height))
    let tile = PixelSize(
      width: max(1, Int((Double(size.width) * scale).rounded())),
      height: max(1, Int((Double(size.height) * scale).rounded())))
    var canvas = Canvas(size: tile)
    let whole = try ImageDecoder.decode(
      contentsOf: reported.image.url, scale: .sufficient(for: size, resizedTo: tile))
    canvas.paste(try Resampling(resized: tile)(whole), left: 0, top: 0)
    canvas.fill(PixelRect(left: 0, top: 0, size: tile), .black, opacity: 0.65)

    func place(_ offset: Int, _ length: Int, of whole: Int, in side: Int) -> Range<Int> {
      let start = min(side - 1, (offset * side + whole / 2) / whole)
      let end = ((offset + length) * side + whole / 2) / whole
      return start..<min(side, max(start + 1, end))
    }
    let columns = place(
      geometry.cropLeft, geometry.target.width, of: geometry.resized.width, in: tile.width)
    let rows = place(
      geometry.cropTop, geometry.target.height, of: geometry.resized.height, in: tile.height)
    let area = PixelRect(
      left: columns.lowerBound, top: rows.lowerBound, width: columns.count, height: rows.count)
    let crop = try reported.crop(masks: masks)
    let fitting = Resampling(resized: area.size)
    canvas.paste(try fitting(crop.picture), left: area.left, top: area.top)
    if let mask = try crop.mask.map({ try fitting($0) }) { tint(area, of: &canvas, where: mask) }
    if area.size != tile { canvas.outline(area, .white) }
    return canvas.image
  }

  /// Colours what a mask takes out.
  private static func tint(_ area: PixelRect, of canvas: inout Canvas, where mask: GrayImage) {
    for (y, row) in zip(area.rows, stride(from: 0, to: mask.pixels.count, by: mask.width)) {
      for (x, weight) in zip(area.columns, mask.pixels[row...]) {
        canvas.blend(.pink, 0.5 * (1 - Double(weight) / 255), x: x, y: y)
      }
    }
  }

  private static func lines(of reported: ReportedImage, font: BitmapFont) -> [[Run]] {
    let (image, geometry) = (reported.image, reported.geometry)
    let columns = ContactSheet.tileSide / font.cell.width
    func plain(_ text: String, _ color: RGBColor) -> [[Run]] {
      font.lines(of: text, columns: columns).prefix(2).map { [Run(text: $0, color: color)] }
    }
    let facts = [
      reported.unread.isEmpty
        ? "\(reported.tokens) tokens"
        : "\(reported.tokens) tokens, too many, the red ones not read",
      image.captions.count > 1 ? "first of \(image.captions.count) captions" : nil,
      image.repeats > 1 ? "\(image.repeats) times an epoch" : nil,
      image.focus == nil ? nil : "focus point", image.mask == nil ? nil : "mask",
    ].compactMap { $0 }
    return plain(image.name, .black)
      + plain(
        "\(image.size) \u{2192} \(geometry.target), top \(geometry.cropTop), left "
          + "\(geometry.cropLeft)"
          + (geometry.scale > 1 ? String(format: ", enlarged %.2f times", geometry.scale) : ""),
        .gray)
      + plain(facts.joined(separator: ", "), .gray)
      + caption(reported, font.lines(of: reported.caption, columns: columns))
  }

  /// The caption, what is not read of it in red.
  private static func caption(_ reported: ReportedImage, _ lines: [Substring]) -> [[Run]] {
    let end = reported.unread.isEmpty ? reported.caption.endIndex : reported.unread.startIndex
    let runs = lines.prefix(mostCaptionLines).map { line in
      let cut = min(max(end, line.startIndex), line.endIndex)
      return [
        Run(text: line[..<cut], color: .black), Run(text: line[cut...], color: .red),
      ]
    }
    let more = lines.count - mostCaptionLines
    return more > 0 ? runs + [[Run(text: "... and \(more) more lines", color: .gray)]] : runs
  }
}
