import Foundation

/// A picture as one sample of training sees it: the file, the part of it, and which way round. Equal
/// views give equal latents.
struct PictureView: Sendable, Hashable {
  /// What weighs the loss.
  enum Mask: Sendable, Hashable {
    /// A file and its SHA-256.
    case file(URL, sha256: String)
    /// The picture's own transparency.
    case alpha
  }

  /// The file, for reading it.
  let url: URL
  /// The SHA-256 of the file.
  let sha256: String
  /// nil: all of the picture counts.
  let mask: Mask?
  /// The part of the picture, before it is mirrored.
  let geometry: CropGeometry
  /// Whether left and right are exchanged.
  let isMirrored: Bool
}
