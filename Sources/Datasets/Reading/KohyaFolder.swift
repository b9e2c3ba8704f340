/// A folder name as kohya's sd-scripts read it, `3_sks dog`: how often an epoch has its pictures, and
/// the caption of those that have none.
struct KohyaFolder: Equatable {
  /// As the number says.
  let repeats: Int
  /// As the rest says.
  let caption: String

  /// How often a picture can be had in an epoch; higher numbers are years and the like.
  static let repeatsRange = 1...10_000

  /// nil for another name. A number too large to be one counts as the largest.
  init?(_ name: String) {
    let digits = name.prefix { ("0"..."9").contains($0) }
    let rest = name.dropFirst(digits.count)
    guard !digits.isEmpty, rest.first == "_", rest.count > 1 else { return nil }
    repeats = Int(digits) ?? .max
    caption = String(rest.dropFirst())
  }

  /// Whether the number can be meant.
  var isPlausible: Bool { Self.repeatsRange.contains(repeats) }
}
