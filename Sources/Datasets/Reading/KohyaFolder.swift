/// A folder name in the form of kohya's sd-scripts, `3_sks dog`: how often an epoch repeats the
/// images of the folder, and the caption of images without one.
package struct KohyaFolder: Equatable {
  /// The number before the underscore.
  package let repeats: Int
  /// The text after the underscore.
  package let caption: String

  /// How often an epoch can repeat an image. Higher numbers are years and the like.
  static let repeatsRange = 1...10_000

  /// nil for a name of another form. A number that does not fit an `Int` becomes the largest `Int`.
  package init?(_ name: String) {
    let digits = name.prefix { ("0"..."9").contains($0) }
    let rest = name.dropFirst(digits.count)
    guard !digits.isEmpty, rest.first == "_", rest.count > 1 else { return nil }
    repeats = Int(digits) ?? .max
    caption = String(rest.dropFirst())
  }

  /// Whether the number can be one of repeats.
  package var isPlausible: Bool { Self.repeatsRange.contains(repeats) }
}
