/// An image that can be drawn on. Pixels outside of it are ignored.
public struct Canvas: Sendable {
  /// Its width and height, both at least 1.
  public let size: PixelSize
  private var pixels: [UInt8]

  /// An empty canvas; sides below 1 become 1.
  public init(size: PixelSize, background: RGBColor = .white) {
    self.size = PixelSize(width: max(1, size.width), height: max(1, size.height))
    pixels = [UInt8](unsafeUninitializedCapacity: self.size.area * 3) { buffer, count in
      count = buffer.count
      for start in stride(from: 0, to: count, by: 3) {
        buffer[start] = background.red
        buffer[start + 1] = background.green
        buffer[start + 2] = background.blue
      }
    }
  }

  /// The drawing so far.
  public var image: RGBImage {
    RGBImage(width: size.width, height: size.height, counted: pixels)
  }

  /// Fills a rectangle. An opacity below 1 mixes the colour with the one below it.
  public mutating func fill(_ area: PixelRect, _ color: RGBColor, opacity: Double = 1) {
    for y in visibleRows(of: area) {
      for x in visibleColumns(of: area) { blend(color, opacity, x: x, y: y) }
    }
  }

  /// Draws the edge of a rectangle, `thickness` pixels wide, inside of it.
  public mutating func outline(_ area: PixelRect, _ color: RGBColor, thickness: Int = 1) {
    let (width, height) = (area.size.width, area.size.height)
    let across = PixelSize(width: width, height: min(thickness, height))
    let down = PixelSize(width: min(thickness, width), height: height)
    fill(PixelRect(left: area.left, top: area.top, size: across), color)
    fill(PixelRect(left: area.left, top: area.top + height - across.height, size: across), color)
    fill(PixelRect(left: area.left, top: area.top, size: down), color)
    fill(PixelRect(left: area.left + width - down.width, top: area.top, size: down), color)
  }

  /// Copies an image, with its upper left corner at (`left`, `top`).
  public mutating func paste(_ image: RGBImage, left: Int, top: Int) {
    let area = PixelRect(left: left, top: top, width: image.width, height: image.height)
    let columns = visibleColumns(of: area)
    guard !columns.isEmpty else { return }
    for y in visibleRows(of: area) {
      let source = ((y - top) * image.width + columns.lowerBound - left) * 3
      let target = (y * size.width + columns.lowerBound) * 3
      let byteCount = columns.count * 3
      pixels[target..<target + byteCount] = image.pixels[source..<source + byteCount]
    }
  }

  /// Mixes a colour into one pixel: opacity 0 leaves it unchanged, 1 replaces it.
  public mutating func blend(_ color: RGBColor, _ opacity: Double, x: Int, y: Int) {
    guard (0..<size.width).contains(x), (0..<size.height).contains(y) else { return }
    let start = (y * size.width + x) * 3
    pixels[start] = mix(pixels[start], color.red, opacity)
    pixels[start + 1] = mix(pixels[start + 1], color.green, opacity)
    pixels[start + 2] = mix(pixels[start + 2], color.blue, opacity)
  }

  private func mix(_ old: UInt8, _ new: UInt8, _ opacity: Double) -> UInt8 {
    UInt8((Double(old) + (Double(new) - Double(old)) * opacity).rounded())
  }

  private func visibleColumns(of area: PixelRect) -> Range<Int> {
    area.columns.clamped(to: 0..<size.width)
  }

  private func visibleRows(of area: PixelRect) -> Range<Int> {
    area.rows.clamped(to: 0..<size.height)
  }
}
