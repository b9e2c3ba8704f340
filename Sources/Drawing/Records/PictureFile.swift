import Files
package import Foundation
package import Images
import NN
package import StableDiffusion

/// Writes pictures as PNG files.
package enum PictureFile {
  /// Replaces a file atomically by a picture with its infotext. Throws `FileAccessError`.
  package static func write(_ picture: Picture, infotext: Infotext, to url: URL) throws {
    try write(picture.image, text: [(Infotext.key, infotext.text)], to: url)
  }

  /// Replaces a file atomically by a picture with its record and the infotext for other programs.
  /// Throws `FileAccessError`.
  ///
  /// - Parameter sampler: the sampler's name in other programs.
  package static func write(
    _ picture: Picture, record: PictureRecord, sampler: SamplerTitle, to url: URL
  ) throws {
    let text = [
      (key: Infotext.key, value: record.infotext(sampler: sampler).text),
      (key: PictureRecord.key, value: try record.json()),
    ]
    try write(picture.image, text: text, to: url)
  }

  package static func write(
    _ image: RGBImage, text: [(key: String, value: String)], to url: URL
  ) throws {
    try DurableFile.replace(url, with: PNGEncoder.encode(image, text: text))
  }
}

extension Picture {
  package var image: RGBImage {
    get throws { try RGBImage(width: width, height: height, pixels: pixels) }
  }
}
