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
      let isSpace = scalar.isSpace
      if !isSpace {
        scalar.appendLowercase(to: &result)
      } else if !afterSpace {
        result.append(" ")
      }
      afterSpace = isSpace
    }
    return result
  }

  /// Scalars after which a run ends as soon as it may.
  private static let longRun = 256

  /// NFC as the reference's normalizer does it, which knows Unicode 9: a newer scalar is left as it
  /// is, and nothing composes or reorders across it.
  ///
  /// Foundation on Linux takes a supplementary scalar for the one with the same lower 16 bits when
  /// marks follow it (U+10075 for `u`). No such pair composes, so the text is cut there as well. It
  /// also leaves marks unsorted that composing takes apart (U+0F73), hence the decomposition first; and
  /// it takes quadratic time, hence the text in runs.
  private static func compose(_ text: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    let firstMark: Unicode.Scalar = "\u{300}"
    guard text.contains(where: { $0 >= firstMark }) else { return Array(text) }

    var result: [Unicode.Scalar] = []
    var run: [Unicode.Scalar] = []
    func flush() {
      result +=
        String(String.UnicodeScalarView(ordered(run))).decomposedStringWithCanonicalMapping
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
        let isCut = afterSupplementaryBase && !isSupplementary
        if isCut || run.count >= longRun && scalar.isBase { flush() }
        run.append(scalar)
      }
      afterSupplementaryBase =
        isSupplementary && scalar.properties.canonicalCombiningClass == .notReordered
    }
    flush()
    return result
  }

  /// The same text with each sequence of marks in canonical order, which Foundation takes quadratic time
  /// for. What a mark is decomposed into has the mark's own class, so sorting may come first.
  private static func ordered(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result = scalars
    var rest = result.indices
    while let start = result[rest].firstIndex(where: \.isMark) {
      let end = result[start...].firstIndex { !$0.isMark } ?? result.endIndex
      result[start..<end].sort {
        $0.properties.canonicalCombiningClass < $1.properties.canonicalCombiningClass
      }
      rest = end..<result.endIndex
    }
    return result
  }
}

// ASCII is answered without the tables of Unicode, which would take most of a long text's time.
extension Unicode.Scalar {
  /// Whether it is whitespace.
  var isSpace: Bool {
    isASCII ? self == " " || ("\t"..."\r").contains(self) : properties.isWhitespace
  }

  /// Appends what it is in lower case.
  fileprivate func appendLowercase(to scalars: inout [Unicode.Scalar]) {
    if ("A"..."Z").contains(self) {
      scalars.append(Unicode.Scalar(UInt8(value) | 0x20))
    } else if isASCII {
      scalars.append(self)
    } else {
      scalars += properties.lowercaseMapping.unicodeScalars
    }
  }

  /// Whether that version of Unicode already had this scalar.
  func isAssigned(inUnicode version: Int) -> Bool {
    isASCII || properties.age.map { $0.major <= version } ?? false
  }

  /// Whether its place among its neighbours is a matter of canonical order.
  fileprivate var isMark: Bool { properties.canonicalCombiningClass != .notReordered }

  /// Whether nothing before it composes with it or is reordered across it: no mark and no Hangul jamo.
  fileprivate var isBase: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: false
    default: !(0x1100...0x11FF).contains(value)
    }
  }
}
