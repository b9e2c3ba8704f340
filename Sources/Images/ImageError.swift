public import Files

/// Why an image cannot be read.
public struct ImageError: ReportableError, Equatable {
  /// What was found instead of an image.
  public enum Problem: Equatable, Sendable {
    case missing
    /// A folder, device or pipe.
    case notAFile
    /// The system's reason.
    case unreadable(String)
    case empty
    /// None of the formats.
    case notAnImage(OtherContent)
    /// A format whose codec this build lacks.
    case notBuiltIn(ImageFormat)
    case truncated(ImageFormat)
    /// The codec's reason.
    case damaged(ImageFormat, String)
    case tooLarge(width: Int, height: Int, limits: ImageLimits)
    case fileTooLarge(byteCount: Int, limits: ImageLimits)
  }

  /// The file as the caller named it; nil for data that came without a name.
  public let file: String?
  /// What was found.
  public let problem: Problem

  /// The error of `file`, nil for data without a name.
  public init(file: String?, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  /// The kind of error.
  public var kind: ErrorKind {
    switch problem {
    case .missing: .missingInput
    case .unreadable: .inputOutput
    case .notAFile, .empty, .notAnImage, .notBuiltIn, .truncated, .damaged, .tooLarge,
      .fileTooLarge:
      .badData
    }
  }

  /// One sentence: what was found and what to do.
  public var description: String {
    let name = file ?? "The image data"
    switch problem {
    case .missing:
      return "\(name) does not exist; check the path."
    case .notAFile:
      return "\(name) is not a regular file; give an image file."
    case .unreadable(let reason):
      return "\(name) cannot be read (\(reason)); check its permissions and the disk."
    case .empty:
      return "\(name) is empty (0 bytes); copy it again or remove it."
    case .notAnImage(let content):
      return
        "\(name) is not an image that can be read: its content is \(content.rawValue); convert it to PNG or "
        + "JPEG or remove it."
    case .notBuiltIn(let format):
      let remedy = format.library.map { ", or install \($0) and build again" } ?? ""
      return
        "\(name) is an image in \(format.rawValue), which this build does not read; convert it to "
        + "PNG or JPEG\(remedy)."
    case .truncated(let format):
      return "\(name) is truncated: its \(format.rawValue) data ends before the image is complete; "
        + "copy it again or remove it."
    case .damaged(let format, let reason):
      return "\(name) is damaged or an unsupported kind of \(format.rawValue) (\(reason)); "
        + "save it again or remove it."
    case .tooLarge(let width, let height, let limits):
      return "\(name) has \(width) x \(height) pixels, over the limit of \(limits.side) per side "
        + "and \(limits.pixels) in total; make it smaller."
    case .fileTooLarge(let byteCount, let limits):
      return "\(name) has \(byteCount) bytes, over the limit of \(limits.fileBytes); "
        + "make it smaller."
    }
  }
}

extension ImageFormat {
  /// What a build needs to read the format; nil: every build reads it.
  fileprivate var library: String? {
    switch self {
    case .png, .jpeg, .bmp: nil
    case .webp: "libwebp"
    case .gif: "giflib"
    case .tiff: "libtiff"
    case .heic: "libheif with a decoder of HEVC"
    case .avif: "libheif with a decoder of AV1"
    }
  }
}
