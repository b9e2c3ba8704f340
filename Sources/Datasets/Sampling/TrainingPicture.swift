import Foundation
import Images

/// An image as the VAE sees it.
package enum TrainingPicture {
  /// The part of a picture that a sample sees, and its mask. No more of it is resampled than is seen.
  ///
  /// Throws `ImageError`, `ResamplingError`, and `MaskError` for a mask of another size.
  package static func crop(of view: PictureView) throws -> PictureCrop {
    let geometry = view.geometry
    let resample = Resampling(
      resized: geometry.resized, top: geometry.cropTop, left: geometry.cropLeft,
      size: geometry.target)
    let (picture, mask) = try decode(view)
    let crop = PictureCrop(picture: try resample(picture), mask: try mask.map { try resample($0) })
    guard view.isMirrored else { return crop }
    return PictureCrop(picture: crop.picture.mirrored, mask: crop.mask?.mirrored)
  }

  private static func decode(_ view: PictureView) throws -> (RGBImage, GrayImage?) {
    if view.mask == .alpha { return try ImageDecoder.decodeWithAlpha(contentsOf: view.url) }
    let original = view.geometry.original
    let scale = DCTScale.sufficient(for: original, resizedTo: view.geometry.resized)
    let picture = try ImageDecoder.decode(contentsOf: view.url, scale: scale)
    guard case .file(let url, _) = view.mask else { return (picture, nil) }
    let mask = try ImageDecoder.decodeMask(contentsOf: url)
    guard mask.size == original else {
      throw MaskError.otherSize(
        mask: url.relativePath, size: mask.size, picture: view.url.relativePath,
        pictureSize: original)
    }
    return (picture, mask)
  }
}
