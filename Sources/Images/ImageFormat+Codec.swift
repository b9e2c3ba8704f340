import CImageCodecs

/// The codec of each format.
extension ImageFormat {
  func readHeader(_ bytes: UnsafeRawBufferPointer, _ header: inout ci_header) -> ci_status {
    let bytes = bytes.bindMemory(to: UInt8.self)
    guard let start = bytes.baseAddress else { return CI_TRUNCATED }
    return switch self {
    case .png: ci_png_read_header(start, bytes.count, &header)
    case .jpeg: ci_jpeg_read_header(start, bytes.count, &header)
    }
  }

  func decode(
    _ bytes: UnsafeRawBufferPointer, _ denominator: Int,
    into pixels: UnsafeMutableBufferPointer<UInt8>
  ) -> ci_status {
    let bytes = bytes.bindMemory(to: UInt8.self)
    guard let start = bytes.baseAddress, let target = pixels.baseAddress else {
      return CI_TRUNCATED
    }
    return switch self {
    case .png: ci_png_decode(start, bytes.count, target, pixels.count)
    case .jpeg: ci_jpeg_decode(start, bytes.count, UInt32(denominator), target, pixels.count)
    }
  }
}
