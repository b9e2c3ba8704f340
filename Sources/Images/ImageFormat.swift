/// The image formats that can be decoded. They are recognised by their first bytes.
public enum ImageFormat: String, Sendable, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"
  case webp = "WebP"
  case gif = "GIF"
  case bmp = "BMP"
  case tiff = "TIFF"
  case heic = "HEIC"
  case avif = "AVIF"

  /// The formats that this build decodes.
  public static var readable: [ImageFormat] { allCases.filter(\.isReadable) }

  /// The extensions of the format's files, in lower case; the first is the usual one.
  package var extensions: [String] {
    switch self {
    case .png: ["png", "apng"]
    case .jpeg: ["jpg", "jpeg", "jpe", "jfif"]
    case .webp: ["webp"]
    case .gif: ["gif"]
    case .bmp: ["bmp", "dib"]
    case .tiff: ["tif", "tiff"]
    case .heic: ["heic", "heif", "hif"]
    case .avif: ["avif"]
    }
  }

  /// The format of a file that starts with `bytes`, which may end within the signature.
  init?(startingWith bytes: some Collection<UInt8>) {
    let start = FileStart(bytes)
    guard !start.bytes.isEmpty, let match = Self.allCases.first(where: start.has) else {
      return nil
    }
    self = match
  }
}

/// The first bytes of a file.
private struct FileStart {
  /// Enough for the compatible brands of HEIC and AVIF.
  let bytes: [UInt8]

  init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes.prefix(64)) }

  func has(_ format: ImageFormat) -> Bool {
    switch format {
    case .png: starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    case .jpeg: starts(with: [0xFF, 0xD8, 0xFF])
    case .webp: starts(with: "RIFF".utf8) && has("WEBP", at: 8)
    case .gif: starts(with: "GIF87a".utf8) || starts(with: "GIF89a".utf8)
    case .bmp: isBMP
    case .tiff:
      ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains { starts(with: $0.utf8) }
    case .heic: !brands.isDisjoint(with: Self.heicBrands) && !has(.avif)
    case .avif: !brands.isDisjoint(with: ["avif", "avis"])
    }
  }

  private static let heicBrands: Set = [
    "heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs", "mif1", "msf1", "miaf",
  ]

  /// Whether the bytes are a beginning of `signature`, or start with it.
  private func starts(with signature: some Collection<UInt8>) -> Bool {
    zip(signature, bytes).allSatisfy(==)
  }

  /// Whether `text` is at an offset, or the bytes end before it.
  private func has(_ text: String, at offset: Int) -> Bool {
    zip(text.utf8, bytes.dropFirst(offset)).allSatisfy(==)
  }

  /// "BM" starts texts too, so the size of the second header must be one that programs write.
  private var isBMP: Bool {
    guard bytes.count >= 18 else { return bytes.count >= 2 && has("BM", at: 0) && !isText }
    let sizes: [UInt8] = [12, 16, 40, 52, 56, 64, 108, 124]
    return has("BM", at: 0) && sizes.contains(bytes[14]) && bytes[15...17].allSatisfy { $0 == 0 }
  }

  private var isText: Bool {
    bytes.allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
  }

  /// The major and the compatible brands of an `ftyp` box (ISO/IEC 14496-12 section 4.3).
  private var brands: Set<String> {
    guard bytes.count >= 12, has("ftyp", at: 4) else { return [] }
    let size = min(bytes[..<4].reduce(0) { $0 << 8 | Int($1) }, bytes.count)
    let starts = [8] + stride(from: 16, to: max(size - 3, 16), by: 4)
    return Set(starts.map { String(decoding: bytes[$0..<($0 + 4)], as: UTF8.self) })
  }
}
