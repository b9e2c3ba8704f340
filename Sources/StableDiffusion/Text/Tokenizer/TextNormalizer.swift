import Foundation

/// What CLIP does to a text before it is cut into words.
enum TextNormalizer {
  /// Canonical composition (NFC), each run of whitespace to one space, lower case: in that order.
  ///
  /// Lower-casing goes scalar by scalar, so a final `Σ` becomes `σ`, never `ς`, and `İ` becomes `i`
  /// and a combining dot that stay apart.
  static func normalize(_ text: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var afterSpace = false
    for scalar in compose(text) {
      let properties = scalar.properties
      if !properties.isWhitespace {
        result += properties.lowercaseMapping.unicodeScalars
      } else if !afterSpace {
        result.append(" ")
      }
      afterSpace = properties.isWhitespace
    }
    return result
  }

  /// NFC as the reference's normalizer does it, which knows Unicode 9: a newer scalar is left as it
  /// is, and nothing composes or reorders across it.
  ///
  /// Foundation on Linux takes a supplementary scalar for the one with the same lower 16 bits when
  /// marks follow it (U+10075 for `u`). No such pair composes, so the text is cut there as well. It
  /// also leaves marks unsorted that composing takes apart (U+0F73), hence the decomposition first.
  private static func compose(_ text: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    let firstMark: Unicode.Scalar = "\u{300}"
    guard text.contains(where: { $0 >= firstMark }) else { return Array(text) }

    var result: [Unicode.Scalar] = []
    var run = String.UnicodeScalarView()
    func flush() {
      result +=
        String(run).decomposedStringWithCanonicalMapping
        .precomposedStringWithCanonicalMapping.unicodeScalars
      run.removeAll()
    }
    var afterSupplementaryBase = false
    for scalar in text {
      let isSupplementary = scalar.value > 0xFFFF
      if !scalar.isAssigned(inUnicode: 9) {
        flush()
        result.append(scalar)
      } else {
        if afterSupplementaryBase && !isSupplementary { flush() }
        run.append(scalar)
      }
      afterSupplementaryBase =
        isSupplementary && scalar.properties.canonicalCombiningClass == .notReordered
    }
    flush()
    return result
  }
}

extension Unicode.Scalar {
  /// Whether that version of Unicode already had this scalar.
  func isAssigned(inUnicode version: Int) -> Bool {
    properties.age.map { $0.major <= version } ?? false
  }
}
