import CImageCodecs

/// The codec of each format.
extension ImageFormat {
  func readHeader(
    _ bytes: UnsafeRawBufferPointer, _ header: inout ci_header, _ profile: EmbeddedProfile
  ) -> ci_status {
    let context = Unmanaged.passUnretained(profile).toOpaque()
    let bytes = bytes.bindMemory(to: UInt8.self)
    guard let start = bytes.baseAddress else { return CI_TRUNCATED }
    return switch self {
    case .png: ci_png_read_header(start, bytes.count, &header, collectProfile, context)
    case .jpeg: ci_jpeg_read_header(start, bytes.count, &header, collectProfile, context)
    }
  }

  func decode(
    _ bytes: UnsafeRawBufferPointer, _ denominator: Int,
    into pixels: UnsafeMutableBufferPointer<UInt8>, alpha: UnsafeMutablePointer<UInt8>? = nil
  ) -> ci_status {
    let bytes = bytes.bindMemory(to: UInt8.self)
    guard let start = bytes.baseAddress, let target = pixels.baseAddress else {
      return CI_TRUNCATED
    }
    return switch self {
    case .png: ci_png_decode(start, bytes.count, target, pixels.count, alpha)
    case .jpeg: ci_jpeg_decode(start, bytes.count, UInt32(denominator), target, pixels.count)
    }
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
