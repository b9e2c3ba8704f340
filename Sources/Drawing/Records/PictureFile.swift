import Files
public import Foundation
package import Images
import NN
public import StableDiffusion

/// Writes pictures as PNG files.
public enum PictureFile {
  /// Writes one picture, whole or not at all, with a text for other programs. Throws
  /// `FileAccessError`.
  package static func write(_ picture: Picture, infotext: Infotext, to url: URL) throws {
    try write(picture.image, text: [(Infotext.key, infotext.text)], to: url)
  }

  /// Writes one picture, whole or not at all, with all that it was drawn with, for this program and
  /// for others. Throws `FileAccessError`.
  ///
  /// - Parameter sampler: what others call the sampler.
  public static func write(
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
