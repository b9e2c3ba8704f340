import Foundation
import Images

/// One image on a contact sheet.
struct SheetTile: Sendable {
  private static let mostCaptionLines = 8

  /// The whole image, dimmed outside its crop, with its facts and caption below.
  let cell: ImageSheet.Cell

  /// Decodes the image. Throws `ImageError`.
  init(_ image: ReportedImage, masks: Bool) throws {
    cell = ImageSheet.Cell(
      try Self.image(of: image, masks: masks), lines: Self.lines(of: image))
  }

  /// The whole image, dimmed outside its crop.
  static func image(of reported: ReportedImage, masks: Bool) throws -> RGBImage {
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
    canvas.paste(try fitting(crop.image), left: area.left, top: area.top)
    if let mask = try crop.mask.map({ try fitting($0) }) { tint(area, of: &canvas, where: mask) }
    if area.size != tile { canvas.outline(area, .white) }
    return canvas.image
  }

  /// Colours the parts that a mask excludes.
  private static func tint(_ area: PixelRect, of canvas: inout Canvas, where mask: GrayImage) {
    for (y, row) in zip(area.rows, stride(from: 0, to: mask.pixels.count, by: mask.width)) {
      for (x, weight) in zip(area.columns, mask.pixels[row...]) {
        canvas.blend(.pink, 0.5 * (1 - Double(weight) / 255), x: x, y: y)
      }
    }
  }

  private static func lines(of reported: ReportedImage) -> [SheetLine] {
    let (image, geometry) = (reported.image, reported.geometry)
    func plain(_ text: String, _ color: RGBColor) -> [SheetLine] {
      Array(SheetLine.wrapped(text, width: ContactSheet.tileSide, color).prefix(2))
    }
    let facts = [
      reported.unread.isEmpty
        ? "\(reported.tokens) tokens"
        : "\(reported.tokens) tokens, the red ones are not read",
      image.captions.count > 1 ? "first of \(image.captions.count) captions" : nil,
      image.repeats > 1 ? "\(image.repeats) times per epoch" : nil,
      image.focus == nil ? nil : "focus point", image.mask == nil ? nil : "mask",
    ].compactMap { $0 }
    return plain(image.name, .black)
      + plain(
        "\(image.size) \u{2192} \(geometry.target), top \(geometry.cropTop), left "
          + "\(geometry.cropLeft)"
          + (geometry.scale > 1 ? String(format: ", enlarged %.2f times", geometry.scale) : ""),
        .gray)
      + plain(facts.joined(separator: ", "), .gray)
      + caption(
        reported, SheetLine.parts(of: reported.caption, width: ContactSheet.tileSide))
  }

  /// The caption, with the part that is not read in red.
  private static func caption(_ reported: ReportedImage, _ lines: [Substring]) -> [SheetLine] {
    let end = reported.unread.isEmpty ? reported.caption.endIndex : reported.unread.startIndex
    let runs = lines.prefix(mostCaptionLines).map { line in
      let cut = min(max(end, line.startIndex), line.endIndex)
      return SheetLine([(line[..<cut], .black), (line[cut...], .red)])
    }
    let more = lines.count - mostCaptionLines
    return more > 0 ? runs + [SheetLine("... and \(more) more lines", .gray)] : runs
  }
}
