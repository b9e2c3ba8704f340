import Files
package import Foundation
package import Images
import NN

/// A cached picture: a PNG file with its infotext and the hash of its pixels.
package struct PictureEntry {
  /// The file. Its name is the hash of everything that decides the picture.
  package let url: URL
  /// The parameters of the picture.
  package let infotext: Infotext

  package init(url: URL, infotext: Infotext) {
    self.url = url
    self.infotext = infotext
  }

  /// The PNG text key of the pixel hash.
  private static let pixels = "pixels"

  /// The pixels; nil if the file is missing, damaged or has other parameters. The caller then draws
  /// the picture again.
  package func image(width: Int, height: Int) -> RGBImage? {
    do {
      let data = try Data(contentsOf: url)
      let image = try ImageDecoder.decode(data)
      let text = try PNGText.read(data).map(\.value)
      return (image.width, image.height) == (width, height)
        && text == self.text(image).map(\.value) ? image : nil
    } catch {
      return nil
    }
  }

  /// Throws `FileAccessError`, `PNGEncodingError`.
  package func write(_ image: RGBImage) throws {
    try PictureFile.write(image, text: text(image), to: url)
  }

  /// Throws `CacheError.damaged` or `ImageError` if the pixels do not match their hash.
  package static func verify(_ url: URL) throws {
    let image = try ImageDecoder.decode(contentsOf: url)
    let name = url.relativePath
    let hash = try PNGText.read(Data(contentsOf: url), name: name).first { $0.key == pixels }?.value
    guard hash == ContentHash.of(image.pixels) else {
      throw CacheError.damaged(file: name, problem: "its pixels are not those that were drawn")
    }
  }

  /// The PNG texts of the file.
  private func text(_ image: RGBImage) -> [(key: String, value: String)] {
    [(Infotext.key, infotext.text), (Self.pixels, ContentHash.of(image.pixels))]
  }
}
