import Foundation
import Images

/// The name of a file that is added, made of a name that is not trusted.
struct AddedName {
  /// Bytes of the stem. With a number and an extension, a name has at most 100.
  private static let longest = 88
  /// Not allowed in names on some file systems.
  private static let separators: Set<Character> = ["/", "\\", ":", "*", "?", "\"", "<", ">", "|"]

  /// The name without its extension and the dot before it.
  let stem: String
  /// The extension.
  let ending: String

  /// The whole name. With a number above 1 it is that of another file.
  func name(_ number: Int = 1) -> String {
    "\(stem)\(number == 1 ? "" : "-\(number)").\(ending)"
  }

  /// A name that is trusted.
  init(stem: String, ending: String) {
    self.stem = stem
    self.ending = ending
  }

  /// The last component of a path, without control characters and separators. A name that is empty or
  /// has a meaning for the system becomes `file`.
  ///
  /// - Parameter endings: The extensions that fit the content. The first takes the place of another
  ///   one.
  init(_ path: String, endings: [String]) {
    let last = path.split { $0 == "/" || $0 == "\\" }.last ?? ""
    let allowed = String(String.UnicodeScalarView(last.unicodeScalars.filter(Self.isAllowed)))
      .filter { !Self.separators.contains($0) }
    let ends = CharacterSet(charactersIn: ". ")
    let name = allowed.trimmingCharacters(in: ends)
    let given = name.pathExtension
    let isFitting = endings.contains(given.lowercased())
    let isEnding = isFitting || Self.isKnown(given)
    // Scalars, since a character may have any number of bytes.
    var scalars = (isEnding ? name.fileStem : name).unicodeScalars
    while String(scalars).utf8.count > Self.longest { scalars.removeLast() }
    let stem = String(scalars).trimmingCharacters(in: ends)
    let isReserved =
      stem.isEmpty || DatasetName.isDevice(stem) || SystemFile.contains(stem)
      || SystemFile.contains("\(stem).\(given)")
    self.stem = isReserved ? "file" : stem
    ending = isFitting ? given : endings[0]
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
    default: true
    }
  }

  /// Whether an extension is that of an image or a caption, and not a part of a name such as `v1.2`.
  private static func isKnown(_ ending: String) -> Bool {
    ImageFormat.allCases.contains { $0.extensions.contains(ending.lowercased()) }
      || CaptionFile.endings.contains(ending.lowercased())
      || !ending.isEmpty && Unused(name: "x.\(ending)") != nil
  }
}
