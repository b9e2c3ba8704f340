import Foundation
import Images

/// Formats by file-name extension.
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

extension ImageError.Problem {
  /// Whether a file of this name that cannot be read as an image is a fault of the dataset: it is
  /// meant as an image by its name, or is one by its content.
  func isFault(of name: String) -> Bool {
    switch self {
    case .tooLarge: true
    case .notBuiltIn(let format): !ImageName.isRaw(name, as: format)
    case .missing, .unreadable, .empty, .notAnImage, .truncated, .damaged, .fileTooLarge:
      ImageName.promisesImage(name)
    case .notAFile: false
    }
  }
}
