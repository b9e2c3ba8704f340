import Datasets
import Foundation

/// An image of a training: its file, identified by content, and the crop that fits its bucket.
struct ImageSource {
  let image: DatasetImage
  /// The crop around the center or the focus point.
  let geometry: CropGeometry
  /// The image's name in messages.
  let label: String

  private let sha256: String
  private let mask: ImageView.Mask?

  /// - Parameters:
  ///   - identity: The hashes of the image's file and its mask.
  ///   - prefix: The start of the image's name in messages.
  init(
    _ image: DatasetImage, _ identity: RunIdentity.Image, buckets: AspectBuckets, upscale: Bool,
    prefix: String
  ) {
    self.image = image
    sha256 = identity.sha256
    mask =
      switch (image.mask, identity.mask) {
      case (.file(let url), let hash?): .file(url, sha256: hash)
      case (.alpha, .some): .alpha
      default: nil
      }
    geometry = CropGeometry(
      original: image.size, target: buckets.bucket(for: image.size, upscale: upscale),
      focus: image.focus)
    label = prefix + identity.file
  }

  /// A view of the image, by default with its own geometry.
  func view(_ geometry: CropGeometry? = nil, isMirrored: Bool = false) -> ImageView {
    ImageView(
      url: image.url, sha256: sha256, mask: mask, geometry: geometry ?? self.geometry,
      isMirrored: isMirrored)
  }
}
