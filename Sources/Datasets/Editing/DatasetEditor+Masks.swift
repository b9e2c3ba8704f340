import Files
package import Foundation
import Images

/// The mask of an image after a change.
package struct MaskState: Sendable, Equatable {
  /// The mask that now counts: a file, which may be one that the editor has not written, or the image's
  /// transparency; nil: there is none.
  package let mask: DatasetImage.Mask?
  /// The paths in the dataset folder of the files that are in the trash now.
  package let removed: [String]
}

extension DatasetEditor {
  /// Stores a mask of an image as `<name>-mask.png`, replacing one of that name. Masks of other names
  /// that would be read in its place go to the trash. As training reads masks upright, so does this:
  /// the size that counts is the upright one.
  ///
  /// - Parameter data: An image of the size or the shape of the upright image. A PNG is stored as it
  ///   is, others are converted. nil removes `<name>-mask.png` to the trash, and leaves masks of other
  ///   names, which the result then shows.
  /// - Returns: The mask that now counts.
  /// - Throws: `ImageError` for data that is no image or damaged, `MaskError` for another shape;
  ///   `ImageNameError`, `FileAccessError`, and what ``images()`` throws.
  @discardableResult
  package func setMask(_ data: Data?, of name: String) throws -> MaskState {
    try changing {
      let image = try changeable(name)
      let file = try image.maskFile()
      let removed = image.files.masks.filter { ($0 == file) == (data == nil) }
      if let data {
        let header = try Self.checked(data, of: image)
        try DurableFile.replace(image.files.url(of: file)) { temporary in
          try DurableFile.write(data, to: temporary)
          guard header.format != .png else { return }
          let mask = try ImageDecoder.decodeMask(contentsOf: temporary)
          let pixels = mask.pixels.flatMap { [$0, $0, $0] }
          try DurableFile.write(
            PNGEncoder.encode(RGBImage(width: mask.width, height: mask.height, pixels: pixels)),
            to: temporary)
        }
      }
      try moveToTrash(removed, of: image)
      return MaskState(
        mask: try self.image(name).image?.mask, removed: removed.map(image.path))
    }
  }

  /// The header of a mask that fits an image and is not damaged. Throws `ImageError`, `MaskError`.
  private static func checked(_ data: Data, of image: EditableImage) throws -> ImageHeader {
    let label = "The mask of \(image.name)"
    let header = try ImageDecoder.header(data, name: label)
    let size = try ImageDecoder.header(contentsOf: image.url).orientedSize
    guard header.orientedSize.fits(size) else {
      throw MaskError.otherSize(
        mask: label, size: header.orientedSize, image: image.name, imageSize: size)
    }
    _ = try ImageDecoder.decode(data, name: label)
    return header
  }
}
