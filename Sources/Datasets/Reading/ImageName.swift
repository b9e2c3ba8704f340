import Images

/// What the extension of a file name says of its content.
enum ImageName {
  /// The format that an extension stands for, in lower case; nil: no image, or no extension.
  private static func format(of name: String) -> String? {
    let ending = name.pathExtension.lowercased().trimmingPrefix(" ").prefix { $0 != " " }
    switch ending {
    case "jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp": return "jpeg"
    case "png", "apng": return "png"
    case "tif", "tiff": return "tiff"
    case "heic", "heif", "hif": return "heic"
    case "bmp", "dib": return "bmp"
    default: return Unused(name: "x.\(ending)") == .imageFormat ? String(ending) : nil
    }
  }

  /// Whether a file of this name should contain an image of a format that is read.
  static func promisesImage(_ name: String) -> Bool {
    guard let format = format(of: name) else { return false }
    return ImageFormat.allCases.contains { self.name(of: $0) == format }
  }

  /// Whether the extension is that of another format.
  static func isMisleading(_ name: String, for format: ImageFormat) -> Bool {
    guard let expected = self.format(of: name) else { return false }
    return expected != self.name(of: format)
  }

  /// Whether a file is a camera's raw image. As a TIFF it would be its thumbnail.
  static func isRaw(_ name: String, as format: ImageFormat) -> Bool {
    self.name(of: format) == "tiff" && Unused.rawEndings.contains(name.pathExtension.lowercased())
  }

  /// The usual extension of a format.
  static func ending(of format: ImageFormat) -> String {
    format == .jpeg ? "jpg" : name(of: format)
  }

  private static func name(of format: ImageFormat) -> String {
    let name = format.rawValue.lowercased()
    return name == "heif" ? "heic" : name
  }
}

extension Unused {
  /// The kind of a file that cannot be read as an image and whose name shows nothing.
  init(_ problem: ImageError.Problem) {
    switch problem {
    case .empty: self = .empty
    case .unreadable: self = .unreadable
    case .truncated, .damaged: self = .damaged
    case .notAnImage(let content):
      let isImage = ["image", "drawing", "raw", "Photoshop"].contains { content.contains($0) }
      self =
        content.contains("video")
        ? .video : content.contains("document") ? .document : isImage ? .imageFormat : .unknown
    case .missing, .tooLarge, .fileTooLarge: self = .unknown
    // A format that this build does not read.
    default: self = .imageFormat
    }
  }
}
