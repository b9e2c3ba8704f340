import Foundation
import Images
package import StableDiffusion

/// The start images of a drawing, decoded once for each size.
package final class StartImages {
  private let note: (String) -> Void
  private var known: [String: Picture] = [:]

  /// - Parameter note: receives a sentence for each image that is scaled.
  package init(note: @escaping (String) -> Void) { self.note = note }

  /// The start image of these options; nil if they have none. Throws `ImageError`, `ResamplingError`.
  package func image(_ options: DrawingOptions, width: Int, height: Int) throws -> StartImage? {
    guard let path = options.image else { return nil }
    let key = "\(width)x\(height) \(path)"
    let picture = try known[key] ?? load(path, width: width, height: height)
    known[key] = picture
    return StartImage(picture, strength: options.imageStrength)
  }

  private func load(_ path: String, width: Int, height: Int) throws -> Picture {
    var image = try ImageDecoder.decode(contentsOf: URL(filePath: path))
    if (image.width, image.height) != (width, height) {
      let resampling = Self.covering(image, width: width, height: height)
      let isCropped = resampling.resized != resampling.size
      note(
        "\(path) has \(image.width)x\(image.height) pixels; it is scaled to "
          + "\(resampling.resized.width)x\(resampling.resized.height) (bicubic)"
          + (isCropped ? " and cropped to \(width)x\(height) around its center." : "."))
      image = try resampling(image)
    }
    return Picture(width: image.width, height: image.height, pixels: image.pixels)
  }

  /// The smallest scaling that covers a size, cropped around the center.
  private static func covering(_ image: RGBImage, width: Int, height: Int) -> Resampling {
    let factor = max(Double(width) / Double(image.width), Double(height) / Double(image.height))
    let resized = PixelSize(
      width: max(Int((Double(image.width) * factor).rounded()), width),
      height: max(Int((Double(image.height) * factor).rounded()), height))
    return Resampling(
      resized: resized, top: (resized.height - height) / 2, left: (resized.width - width) / 2,
      size: PixelSize(width: width, height: height))
  }
}
