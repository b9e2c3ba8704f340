import CImageCodecs
public import Foundation

/// Sizes above which an image is refused by its header, before memory is allocated for it.
///
/// The defaults admit the images of every camera (up to 200 megapixels). The pixels of an image at
/// the limit of `pixels` take 768 MiB. Some files are decoded as a whole first, and take up to six
/// times as much meanwhile: WebP, TIFF, HEIC, AVIF, interlaced PNG and progressive JPEG. A TIFF of
/// which a strip or a row of tiles takes more than 1 GiB is refused, too.
public struct ImageLimits: Sendable, Equatable {
  /// Pixels along the longer side.
  public var side: Int
  /// Pixels in total.
  public var pixels: Int
  /// Bytes of the file.
  public var fileBytes: Int

  /// Limits, each with a default.
  public init(side: Int = 32_768, pixels: Int = 1 << 28, fileBytes: Int = 1 << 30) {
    self.side = side
    self.pixels = pixels
    self.fileBytes = fileBytes
  }

  /// Sides are below 2^32 in all formats. Two that `side` admits have a product that fits an `Int`.
  func admit(width: Int, height: Int) -> Bool {
    max(width, height) <= side && width * height <= pixels
  }
}

/// Decodes image files to upright 8-bit sRGB: PNG, JPEG, BMP, and what ``ImageFormat/readable`` lists.
/// The content decides the format, not the extension. Of an animation it is the first frame, of a TIFF
/// the first page.
public enum ImageDecoder {
  /// Whether this build converts embedded colour profiles to sRGB.
  public static var convertsColors: Bool { ci_converts_colors() != 0 }

  /// More than cameras write before the pixels: EXIF with a thumbnail, and a colour profile.
  private static let headerByteCount = 1 << 17

  /// Reads the header of a file. JPEG and most BMP files need only their first 128 KiB for this.
  public static func header(
    contentsOf url: URL, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> ImageHeader {
    let file = try ImageFile(url, limits: limits)
    let start = try file.read(upTo: headerByteCount)
    if ImageFormat(startingWith: start)?.hasLateHeader == true {
      return try header(try file.read(upTo: file.byteCount), name: file.name, limits: limits)
    }
    do {
      return try header(start, name: file.name, limits: limits)
    } catch  where error.isTruncation && file.byteCount > headerByteCount {
      return try header(try file.read(upTo: file.byteCount), name: file.name, limits: limits)
    }
  }

  /// Reads the header of a file in memory. Errors name it `name`.
  public static func header(
    _ data: Data, name: String? = nil, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> ImageHeader {
    guard !data.isEmpty else {
      throw ImageError(file: name, problem: .empty)
    }
    guard let format = ImageFormat(startingWith: data) else {
      throw ImageError(file: name, problem: .notAnImage(OtherContent(startingWith: data)))
    }
    guard format.isReadable else {
      throw ImageError(file: name, problem: .notBuiltIn(format))
    }
    var stored = ci_header()
    let embedded = EmbeddedProfile()
    let status = withExtendedLifetime(embedded) {
      data.withUnsafeBytes { format.readHeader($0, &stored, embedded) }
    }
    try check(status, of: format, name: name)
    let colors = StatedColors(stored, profile: embedded.profile)
    let header = ImageHeader(
      format: format, width: Int(stored.width), height: Int(stored.height),
      orientation: Int(stored.orientation), hasAlpha: stored.has_alpha != 0,
      frames: Int(stored.frames), colorProfile: colors.name, convertsColors: colors.isConverted)
    guard limits.admit(width: header.width, height: header.height) else {
      throw ImageError(
        file: name,
        problem: .tooLarge(width: header.width, height: header.height, limits: limits))
    }
    return header
  }

  /// Decodes a file. Colours are converted as the header states, transparency is composited over
  /// white, samples of more than 8 bits keep their high byte, CMYK becomes RGB, and the EXIF
  /// orientation is applied. A truncated file is an error.
  public static func decode(
    contentsOf url: URL, scale: DCTScale = .full, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> RGBImage {
    let file = try ImageFile(url, limits: limits)
    let data = try file.read(upTo: file.byteCount)
    return try decode(data, name: file.name, scale: scale, limits: limits)
  }

  /// Decodes a file in memory. Errors name it `name`.
  public static func decode(
    _ data: Data, name: String? = nil, scale: DCTScale = .full, limits: ImageLimits = ImageLimits()
  ) throws(ImageError) -> RGBImage {
    let header = try header(data, name: name, limits: limits)
    let denominator = header.format == .jpeg ? scale.rawValue : 1
    let width = (header.orientedSize.width + denominator - 1) / denominator
    let height = (header.orientedSize.height + denominator - 1) / denominator
    let byteCount = width * height * 3

    var status = CI_OK
    let pixels = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, initializedCount in
      let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<byteCount])
      status = data.withUnsafeBytes { header.format.decode($0, denominator, into: whole) }
      initializedCount = status == CI_OK ? byteCount : 0
    }
    try check(status, of: header.format, name: name)
    return RGBImage(width: width, height: height, counted: pixels)
  }

  /// Throws what the codec's last call on this thread reported.
  static func check(
    _ status: ci_status, of format: ImageFormat, name: String?
  ) throws(ImageError) {
    switch status {
    case CI_OK:
      return
    case CI_TRUNCATED:
      throw ImageError(file: name, problem: .truncated(format))
    default:
      throw ImageError(file: name, problem: .damaged(format, String(cString: ci_error())))
    }
  }
}

extension ImageError {
  fileprivate var isTruncation: Bool {
    if case .truncated = problem { true } else { false }
  }
}
