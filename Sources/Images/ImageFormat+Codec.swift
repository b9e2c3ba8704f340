import CImageCodecs

/// The codec of each format.
extension ImageFormat {
  /// Whether this build has the format's codec.
  public var isReadable: Bool { ci_has_codec(code) != 0 }

  /// The properties of a format may follow its pixels, so that its header needs the whole file.
  var hasLateHeader: Bool {
    switch self {
    case .png, .gif, .tiff, .heic, .avif: true
    case .jpeg, .webp, .bmp: false
    }
  }

  private var code: ci_format {
    switch self {
    case .png: CI_PNG
    case .jpeg: CI_JPEG
    case .webp: CI_WEBP
    case .gif: CI_GIF
    case .bmp: CI_BMP
    case .tiff: CI_TIFF
    case .heic: CI_HEIC
    case .avif: CI_AVIF
    }
  }

  func readHeader(
    _ bytes: UnsafeRawBufferPointer, _ header: inout ci_header, _ profile: EmbeddedProfile
  ) -> ci_status {
    let context = Unmanaged.passUnretained(profile).toOpaque()
    let bytes = bytes.bindMemory(to: UInt8.self)
    guard let start = bytes.baseAddress else { return CI_TRUNCATED }
    return ci_read_header(code, start, bytes.count, &header, collectProfile, context)
  }

  func decode(
    _ bytes: UnsafeRawBufferPointer, _ denominator: Int,
    into pixels: UnsafeMutableBufferPointer<UInt8>, alpha: UnsafeMutablePointer<UInt8>? = nil
  ) -> ci_status {
    let bytes = bytes.bindMemory(to: UInt8.self)
    guard let start = bytes.baseAddress, let target = pixels.baseAddress else {
      return CI_TRUNCATED
    }
    return ci_decode(
      code, start, bytes.count, UInt32(denominator), target, pixels.count, alpha)
  }
}

/// The profile that the C visitor has seen. It is a class so that a pointer to it can pass through
/// C.
final class EmbeddedProfile {
  var profile: ICCProfile?
}

private func collectProfile(
  context: UnsafeMutableRawPointer, bytes: UnsafePointer<UInt8>?, count: Int
) {
  let embedded = Unmanaged<EmbeddedProfile>.fromOpaque(context).takeUnretainedValue()
  embedded.profile = ICCProfile(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
}
