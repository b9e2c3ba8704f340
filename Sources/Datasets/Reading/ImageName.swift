import Foundation
import Images

/// What the extension of a file name says of its content.
enum ImageName {
  /// Whether a file of this name should contain an image of a format that is read.
  static func promisesImage(_ name: String) -> Bool {
    ImageFormat.readable.contains { $0.extensions.contains(ending(of: name)) }
  }

  /// Whether the extension is that of another format.
  static func isMisleading(_ name: String, for format: ImageFormat) -> Bool {
    let ending = ending(of: name)
    guard !format.extensions.contains(ending) else { return false }
    return ImageFormat.allCases.contains { $0.extensions.contains(ending) }
      || Unused(name: "x.\(ending)") == .imageFormat
  }

  /// Whether a file is a camera's raw image. As a TIFF it would be its thumbnail.
  static func isRaw(_ name: String, as format: ImageFormat) -> Bool {
    format == .tiff && Unused.rawEndings.contains(ending(of: name))
  }

  /// The extension in lower case, without spaces around it.
  private static func ending(of name: String) -> String {
    name.pathExtension.lowercased().trimmingCharacters(in: .whitespaces)
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
      self =
        switch content {
        case .jpegXL, .jpeg2000, .photoshop, .cameraRaw, .svg: .imageFormat
        case .video: .video
        case .pdf: .document
        case .text, .unknown: .unknown
        }
    case .notBuiltIn: self = .imageFormat
    case .missing, .notAFile, .tooLarge, .fileTooLarge: self = .unknown
    }
  }
}
