/// The properties of an image file that are read without decoding its pixels.
public struct ImageHeader: Sendable, Equatable {
  /// The format that the first bytes show.
  public let format: ImageFormat
  /// Pixels in a row as stored, before `orientation` is applied.
  public let width: Int
  /// Rows as stored, before `orientation` is applied.
  public let height: Int
  /// EXIF orientation, 1 (upright) to 8; 1 when the file gives none or an invalid one. The turns of
  /// HEIC and AVIF are not counted: `width` and `height` are those of the turned image.
  public let orientation: Int
  /// Whether there is an alpha channel or a transparent colour.
  public let hasAlpha: Bool
  /// Frames of an animation, pages of a TIFF, images of a HEIC or AVIF file; 1 for a single image.
  /// Only the first (in HEIC and AVIF the primary image) is decoded. Thumbnails are not counted.
  public let frames: Int
  /// The name of the embedded ICC profile, or of the colours that codes or a gamma state; nil for
  /// sRGB or none, "unreadable" for a damaged profile.
  public let colorProfile: String?
  /// Whether decoding converts the colours of `colorProfile` to sRGB. If not, they are read as sRGB.
  public let convertsColors: Bool

  /// The size of the upright image, as `ImageDecoder.decode` returns it at full scale.
  public var orientedSize: PixelSize {
    let stored = PixelSize(width: width, height: height)
    return orientation >= 5 ? stored.transposed : stored
  }
}
