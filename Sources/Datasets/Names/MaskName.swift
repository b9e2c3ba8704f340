/// The names that programs give to masks.
enum MaskName {
  /// Folders of masks: each has the name of its image.
  static let folders: Set<String> = ["mask", "masks", "masklabel", "masklabels"]

  /// The stem of the image that a mask's stem names at its start: `dog` for `dog-mask`, OneTrainer's
  /// `dog-masklabel`, `dog_mask` and `dog.mask`; empty for `mask`. nil: no mask's name.
  static func owner(of stem: String) -> String? {
    let lower = stem.lowercased()
    for word in words where lower.hasSuffix(word) {
      if lower == word { return "" }
      let rest = stem.dropLast(word.count)
      if let separator = rest.last, separators.contains(separator) {
        return String(rest.dropLast())
      }
    }
    return nil
  }

  /// The stem of the image that a mask's stem names at its end, as in `mask_dog`. Other images have
  /// such names too.
  static func possibleOwner(of stem: String) -> String? {
    let lower = stem.lowercased()
    for word in words where lower.hasPrefix(word) {
      let rest = stem.dropFirst(word.count)
      if let separator = rest.first, separators.contains(separator) {
        return String(rest.dropFirst())
      }
    }
    return nil
  }

  /// Whether a stem is that of OneTrainer's conditioning images.
  static func isConditioning(_ stem: String) -> Bool { stem.lowercased().hasSuffix("-condlabel") }

  private static let words = ["masklabel", "mask"]
  private static let separators: Set<Character> = ["-", "_", ".", " "]
}
