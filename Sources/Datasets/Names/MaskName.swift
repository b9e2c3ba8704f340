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

  /// The stems of images that a mask's stem may name in other forms: `dog` for `dog-masks`,
  /// `dogmask`, `maskdog`, `dog_alpha` and `dog-seg`, and for copies such as `dog-mask (1)`,
  /// `dog-mask-2` and `dog-mask - Copy`. Such a file is a mask only beside its image.
  static func likelyOwners(of stem: String) -> [String] {
    let original = withoutCopyMarks(stem)
    let before = endWords.filter { original.lowercased().hasSuffix($0) }.map { word in
      var rest = original.dropLast(word.count)
      while let last = rest.last, separators.contains(last) { rest.removeLast() }
      return String(rest)
    }
    let after = startWords.filter { stem.lowercased().hasPrefix($0) }.map { word in
      var rest = stem.dropFirst(word.count)
      while let first = rest.first, separators.contains(first) { rest.removeFirst() }
      return String(rest)
    }
    return (before + after).filter { !$0.isEmpty }
  }

  /// A stem without what marks a copy or a version at its end: numbers, brackets and `Copy`.
  private static func withoutCopyMarks(_ stem: String) -> String {
    var rest = Substring(stem)
    while let last = rest.last {
      if last.isNumber || last == "(" || last == ")" || separators.contains(last) {
        rest.removeLast()
      } else if rest.lowercased().hasSuffix("copy") {
        rest.removeLast("copy".count)
      } else {
        break
      }
    }
    return String(rest)
  }

  /// Whether a stem is that of OneTrainer's conditioning images.
  static func isConditioning(_ stem: String) -> Bool { stem.lowercased().hasSuffix("-condlabel") }

  private static let words = ["masklabel", "mask"]
  private static let startWords = ["masks", "mask"]
  private static let endWords = [
    "masklabels", "masklabel", "masks", "mask", "matte", "alpha", "segmentation", "seg",
  ]
  private static let separators: Set<Character> = ["-", "_", ".", " "]
}
