import CImageCodecs
public import Foundation

/// The text chunks of a PNG.
public enum PNGText {
  /// The key and value of every tEXt, zTXt and iTXt chunk in the file's order. Errors name the data
  /// `name`. Throws `ImageError` when `data` is not a whole image, and `PNGTextError` when it is
  /// another image than a PNG.
  public static func read(
    _ data: Data, name: String? = nil
  ) throws -> [(key: String, value: String)] {
    let header = try ImageDecoder.header(data, name: name)
    guard header.format == .png else {
      throw PNGTextError.otherFormat(file: name, header.format)
    }
    let collected = CollectedText()
    let status = withExtendedLifetime(collected) {
      data.withUnsafeBytes { bytes in
        let bytes = bytes.bindMemory(to: UInt8.self)
        guard let start = bytes.baseAddress else { return CI_TRUNCATED }
        let context = Unmanaged.passUnretained(collected).toOpaque()
        return ci_png_read_text(start, bytes.count, collect, context)
      }
    }
    try ImageDecoder.check(status, of: .png, name: name)
    return collected.texts
  }
}

/// The texts that the C visitor has seen. It is a class so that a pointer to it can pass through C.
private final class CollectedText {
  var texts: [(key: String, value: String)] = []
}

private func collect(
  context: UnsafeMutableRawPointer, key: UnsafePointer<CChar>, text: UnsafePointer<CChar>,
  isUTF8: CInt
) {
  let collected = Unmanaged<CollectedText>.fromOpaque(context).takeUnretainedValue()
  let value = isUTF8 != 0 ? String(cString: text) : latin1(text)
  collected.texts.append((latin1(key), value))
}

/// Latin-1 is the first 256 code points of Unicode.
private func latin1(_ text: UnsafePointer<CChar>) -> String {
  var scalars = String.UnicodeScalarView()
  var next = text
  while next.pointee != 0 {
    scalars.append(Unicode.Scalar(UInt8(bitPattern: next.pointee)))
    next += 1
  }
  return String(scalars)
}
