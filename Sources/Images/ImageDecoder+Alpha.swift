import CImageCodecs
public import Foundation

extension ImageDecoder {
  /// Decodes a file at full scale, as ``decode(contentsOf:scale:limits:)`` does, and its
  /// transparency: 255 is opaque; nil: the file has none.
  public static func decodeWithAlpha(
    contentsOf url: URL, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> (image: RGBImage, alpha: GrayImage?) {
    let file = try ImageFile(url, limits: limits)
    let data = try file.read(upTo: file.byteCount)
    let header = try header(data, name: file.name, limits: limits)
    guard header.hasAlpha else {
      return (try decode(data, name: file.name, limits: limits), nil)
    }
    let size = header.orientedSize
    var status = CI_OK
    var alpha: [UInt8] = []
    let pixels = [UInt8](unsafeUninitializedCapacity: size.area * 3) { buffer, count in
      let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<(size.area * 3)])
      alpha = [UInt8](unsafeUninitializedCapacity: size.area) { samples, alphaCount in
        status = data.withUnsafeBytes {
          header.format.decode($0, 1, into: whole, alpha: samples.baseAddress)
        }
        alphaCount = status == CI_OK ? size.area : 0
      }
      count = status == CI_OK ? size.area * 3 : 0
    }
    try check(status, of: header.format, name: file.name)
    return (
      RGBImage(width: size.width, height: size.height, counted: pixels),
      GrayImage(width: size.width, height: size.height, counted: alpha)
    )
  }

  /// Decodes a mask: the upright luminance of an image (ITU-R 601, as Pillow's
  /// `convert("L")`). Transparent pixels are black.
  public static func decodeMask(
    contentsOf url: URL, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> GrayImage {
    let (image, alpha) = try decodeWithAlpha(contentsOf: url, limits: limits)
    let colors = image.pixels
    var pixels = [UInt8](repeating: 0, count: colors.count / 3)
    for index in pixels.indices {
      let red = Int(colors[3 * index])
      let green = Int(colors[3 * index + 1])
      let luminance =
        (19595 * red + 38470 * green + 7471 * Int(colors[3 * index + 2]) + 32768) >> 16
      // The decoder composites over white. This subtracts the white that shines through.
      let white = alpha.map { 255 - Int($0.pixels[index]) } ?? 0
      pixels[index] = UInt8(max(luminance - white, 0))
    }
    return GrayImage(width: image.width, height: image.height, counted: pixels)
  }
}
