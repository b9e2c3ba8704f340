package import Foundation
package import Images

/// An image as one sample of training sees it: the file, the crop, and whether it is mirrored.
/// Equal views give equal latents.
package struct ImageView: Sendable, Hashable {
  /// What weights the loss.
  package enum Mask: Sendable, Hashable {
    /// A file and its SHA-256.
    case file(URL, sha256: String)
    /// The image's own transparency.
    case alpha
  }

  package let url: URL
  /// The SHA-256 of the file.
  package let sha256: String
  /// nil: all of the image counts.
  package let mask: Mask?
  /// The crop, before it is mirrored.
  package let geometry: CropGeometry
  /// Whether left and right are exchanged.
  package let isMirrored: Bool

  package init(
    url: URL, sha256: String, mask: Mask?, geometry: CropGeometry, isMirrored: Bool
  ) {
    self.url = url
    self.sha256 = sha256
    self.mask = mask
    self.geometry = geometry
    self.isMirrored = isMirrored
  }
}

/// The pixels of a view: decoded, resampled, cropped and mirrored.
package struct ImageCrop: Sendable {
  /// The crop, of the target's size.
  package let image: RGBImage
  /// The weights of the loss from 0 to 255, of the target's size; nil: all of the crop counts.
  package let mask: GrayImage?
}
