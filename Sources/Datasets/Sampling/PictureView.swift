package import Foundation

/// A picture as one sample of training sees it: the file, the part of it, and which way round. Equal
/// views give equal latents.
package struct PictureView: Sendable, Hashable {
  /// What weighs the loss.
  package enum Mask: Sendable, Hashable {
    /// A file and its SHA-256.
    case file(URL, sha256: String)
    /// The picture's own transparency.
    case alpha
  }

  /// The file, for reading it.
  package let url: URL
  /// The SHA-256 of the file.
  package let sha256: String
  /// nil: all of the picture counts.
  package let mask: Mask?
  /// The part of the picture, before it is mirrored.
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
