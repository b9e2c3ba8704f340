/// The kinds of picture file that can be decoded, told apart by their first bytes.
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

  /// The format of a file that starts with `bytes`; a file cut within its signature still has one.
  init?(startingWith bytes: some Collection<UInt8>) {
    let match = Self.allCases.first { format in
      zip(format.signature, bytes).allSatisfy(==)
    }
    guard let match, !bytes.isEmpty else { return nil }
    self = match
  }
}

/// What a picture file says about itself before any pixel is decoded.
public struct ImageHeader: Sendable, Equatable {
  /// As its first bytes say.
  public let format: ImageFormat
  /// Pixels in a row as stored, before `orientation` is applied.
  public let width: Int
  /// Rows as stored, before `orientation` is applied.
  public let height: Int
  /// EXIF orientation, 1 (upright) to 8; 1 when the file gives none or an invalid one.
  public let orientation: Int
  /// Whether there is an alpha channel or a transparent colour.
  public let hasAlpha: Bool
  /// What the embedded ICC profile calls itself; nil where there is none or it is sRGB, which is
  /// assumed of every picture and nothing converted; "unreadable" where it is damaged.
  public let colorProfile: String?

  /// The size of the upright picture, as `ImageDecoder.decode` returns it at full scale.
  public var orientedSize: PixelSize {
    let stored = PixelSize(width: width, height: height)
    return orientation >= 5 ? stored.transposed : stored
  }
}
