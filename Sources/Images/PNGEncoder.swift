import CImageCodecs
public import Files
public import Foundation

/// Encodes RGB as PNG, with text chunks.
public enum PNGEncoder {
  /// Encodes `image` losslessly. Each text pair becomes a chunk: tEXt when its value is ASCII, else
  /// iTXt (UTF-8). Throws `PNGEncodingError`.
  public static func encode(
    _ image: RGBImage, text: [(key: String, value: String)] = []
  ) throws(PNGEncodingError) -> Data {
    for (key, value) in text {
      guard isKeyword(key) else { throw .invalidKey(key) }
      guard !value.utf8.contains(0) else { throw .nulInValue(key: key) }
    }
    let texts = text.map { "\($0.key)\0\($0.value)\0" }.joined()
    var png: UnsafeMutablePointer<UInt8>?
    var byteCount = 0
    let status = ci_png_encode(
      image.pixels, UInt32(image.width), UInt32(image.height), texts, text.count, &png, &byteCount)
    guard status == CI_OK, let png else { throw .failed(String(cString: ci_error())) }
    return Data(bytesNoCopy: png, count: byteCount, deallocator: .free)
  }

  /// PNG specification (third edition) section 11.3.3.1, within ASCII: 1 to 79 printable
  /// characters without spaces at the ends or next to each other.
  private static func isKeyword(_ key: String) -> Bool {
    (1...79).contains(key.utf8.count)
      && key.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
      && !key.hasPrefix(" ") && !key.hasSuffix(" ") && !key.contains("  ")
  }
}

/// Why an image cannot be encoded as PNG.
public enum PNGEncodingError: ReportableError, Equatable {
  case invalidKey(String)
  case nulInValue(key: String)
  /// libpng's reason.
  case failed(String)

  /// The kind of error.
  public var kind: ErrorKind {
    .internal
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .invalidKey(let key):
      "The PNG text key \"\(key)\" is not allowed; use 1 to 79 printable ASCII characters, without "
        + "spaces at the ends or two in a row."
    case .nulInValue(let key):
      "The text for the PNG key \"\(key)\" contains a NUL character; remove it."
    case .failed(let reason):
      "The image cannot be encoded as PNG (\(reason)); make it smaller."
    }
  }
}
