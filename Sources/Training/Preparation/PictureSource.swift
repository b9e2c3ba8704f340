import Datasets
import Foundation

/// A picture that training reads: its file by content, and the part of it that fits its bucket.
struct PictureSource {
  let image: DatasetImage
  /// The part around the middle, or the focus point.
  let geometry: CropGeometry
  /// What messages call it.
  let label: String

  private let sha256: String
  private let mask: PictureView.Mask?

  /// - Parameters:
  ///   - identity: what was found in the picture's file and its mask's.
  ///   - prefix: of what messages call it.
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

  /// The picture in a geometry of its own, or in another one.
  func view(_ geometry: CropGeometry? = nil, isMirrored: Bool = false) -> PictureView {
    PictureView(
      url: image.url, sha256: sha256, mask: mask, geometry: geometry ?? self.geometry,
      isMirrored: isMirrored)
  }
}
