import Foundation

/// CLIP's normalization of a text before it is cut into words.
enum TextNormalizer {
  /// In this order: canonical composition (NFC), one space for each run of whitespace, lower case.
  ///
  /// Each scalar is lower-cased alone: a final `Σ` becomes `σ`, never `ς`, and `İ` becomes `i` and
  /// a combining dot, which are not composed.
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

  /// The length in scalars after which a run ends at the next base.
  private static let longRun = 256

  /// NFC as in the reference's normalizer, which has the tables of Unicode 9: a newer scalar stays
  /// as it is, and nothing composes or is reordered across it.
  ///
  /// Works around three faults of Foundation on Linux. It confuses a supplementary scalar with the
  /// one of the same lower 16 bits if marks follow (U+10075 with `u`); no such pair composes, so
  /// the text is cut there. It leaves marks unsorted that composing takes apart (U+0F73), so the
  /// text is decomposed first. It takes quadratic time, so the text is composed in runs.
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

  /// The text with each sequence of marks in canonical order, for which Foundation needs quadratic
  /// time. The parts of a decomposed mark have the mark's class, so that sorting may come first.
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

// ASCII does not use the tables of Unicode, which would take most of the time for a long text.
extension Unicode.Scalar {
  var isSpace: Bool {
    isASCII ? self == " " || ("\t"..."\r").contains(self) : properties.isWhitespace
  }

  /// Appends the scalar in lower case.
  fileprivate func appendLowercase(to scalars: inout [Unicode.Scalar]) {
    if ("A"..."Z").contains(self) {
      scalars.append(Unicode.Scalar(UInt8(value) | 0x20))
    } else if isASCII {
      scalars.append(self)
    } else {
      scalars += properties.lowercaseMapping.unicodeScalars
    }
  }

  /// Whether the scalar is part of that version of Unicode.
  func isAssigned(inUnicode version: Int) -> Bool {
    isASCII || properties.age.map { $0.major <= version } ?? false
  }

  /// Whether canonical order may move it among its neighbours.
  fileprivate var isMark: Bool { properties.canonicalCombiningClass != .notReordered }

  /// Whether it is neither a mark nor a Hangul jamo, so that nothing before it composes with it or
  /// is reordered across it.
  fileprivate var isBase: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: false
    default: !(0x1100...0x11FF).contains(value)
    }
  }
}
