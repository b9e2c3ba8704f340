import Foundation
import Images

/// Reads images as the VAE sees them.
package enum TrainingImage {
  /// The crop of an image that a sample sees, and its mask. Only the crop is resampled.
  ///
  /// Throws `ImageError`, `ResamplingError`, and `MaskError` for a mask of another shape.
  package static func crop(of view: ImageView) throws -> ImageCrop {
    let geometry = view.geometry
    let resample = Resampling(
      resized: geometry.resized, top: geometry.cropTop, left: geometry.cropLeft,
      size: geometry.target)
    let (image, mask) = try decode(view)
    let crop = ImageCrop(image: try resample(image), mask: try mask.map { try resample($0) })
    guard view.isMirrored else { return crop }
    return ImageCrop(image: crop.image.mirrored, mask: crop.mask?.mirrored)
  }

  private static func decode(_ view: ImageView) throws -> (RGBImage, GrayImage?) {
    if view.mask == .alpha { return try ImageDecoder.decodeWithAlpha(contentsOf: view.url) }
    let original = view.geometry.original
    let scale = DCTScale.sufficient(for: original, resizedTo: view.geometry.resized)
    let image = try ImageDecoder.decode(contentsOf: view.url, scale: scale)
    guard case .file(let url, _) = view.mask else { return (image, nil) }
    let mask = try ImageDecoder.decodeMask(contentsOf: url)
    guard mask.size.fits(original) else {
      throw MaskError.otherSize(
        mask: url.relativePath, size: mask.size, image: view.url.relativePath,
        imageSize: original)
    }
    return (image, mask)
  }
}
