import Files
package import Foundation
package import Images
import NN

/// A picture that is kept as a PNG file, with what it was drawn from and the hash of its pixels.
package struct PictureEntry {
  /// Where it is kept, under the hash of everything that decides it.
  package let url: URL
  /// How it is drawn.
  package let infotext: Infotext

  package init(url: URL, infotext: Infotext) {
    self.url = url
    self.infotext = infotext
  }

  /// The key of the text that holds the hash of the pixels.
  private static let pixels = "pixels"

  /// The picture, where the file holds what was planned and drawn; nil where it is not there, or
  /// damaged: either way it is drawn again and replaced.
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

  /// Writes the picture. Throws `FileAccessError`, `PNGEncodingError`.
  package func write(_ image: RGBImage) throws {
    try PictureFile.write(image, text: text(image), to: url)
  }

  /// Throws `CacheError.damaged`, `ImageError` for a file whose picture is not what was drawn.
  package static func verify(_ url: URL) throws {
    let image = try ImageDecoder.decode(contentsOf: url)
    let name = url.relativePath
    let hash = try PNGText.read(Data(contentsOf: url), name: name).first { $0.key == pixels }?.value
    guard hash == ContentHash.of(image.pixels) else {
      throw CacheError.damaged(file: name, problem: "its pixels are not those that were drawn")
    }
  }

  /// What the file says of the picture.
  private func text(_ image: RGBImage) -> [(key: String, value: String)] {
    [(Infotext.key, infotext.text), (Self.pixels, ContentHash.of(image.pixels))]
  }
}
