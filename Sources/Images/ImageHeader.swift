/// The image formats that can be decoded. They are recognised by their first bytes.
public enum ImageFormat: String, Sendable, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"

  /// The bytes that every file of the format starts with.
  var signature: [UInt8] {
    switch self {
    case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    case .jpeg: [0xFF, 0xD8, 0xFF]
    }
  }

  /// The format of a file that starts with `bytes`, which may end within the signature.
  init?(startingWith bytes: some Collection<UInt8>) {
    let match = Self.allCases.first { format in
      zip(format.signature, bytes).allSatisfy(==)
    }
    guard let match, !bytes.isEmpty else { return nil }
    self = match
  }
}

/// The properties of an image file that are read without decoding its pixels.
public struct ImageHeader: Sendable, Equatable {
  /// The format that the first bytes show.
  public let format: ImageFormat
  /// Pixels in a row as stored, before `orientation` is applied.
  public let width: Int
  /// Rows as stored, before `orientation` is applied.
  public let height: Int
  /// EXIF orientation, 1 (upright) to 8; 1 when the file gives none or an invalid one.
  public let orientation: Int
  /// Whether there is an alpha channel or a transparent colour.
  public let hasAlpha: Bool
  /// The description of the embedded ICC profile; nil for sRGB or no profile, "unreadable" for a
  /// damaged one. Colours are never converted: every image is read as sRGB.
  public let colorProfile: String?

  /// The size of the upright image, as `ImageDecoder.decode` returns it at full scale.
  public var orientedSize: PixelSize {
    let stored = PixelSize(width: width, height: height)
    return orientation >= 5 ? stored.transposed : stored
  }
}
