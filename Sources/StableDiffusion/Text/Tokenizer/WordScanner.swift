/// Cuts normalized text into the words that BPE works on.
enum WordScanner {
  /// The words without whitespace: a contraction's ending, a run of letters, one digit, or a run of
  /// other characters. This is CLIP's pattern, whose first matching alternative counts:
  ///
  /// `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
  ///
  /// The two token names match only if they are no added tokens, for example in capitals. The
  /// reference then cuts them into brackets and name.
  static func words(in text: ArraySlice<Unicode.Scalar>) -> [ArraySlice<Unicode.Scalar>] {
    var words: [ArraySlice<Unicode.Scalar>] = []
    var rest = text
    while let first = rest.first {
      let match: ArraySlice<Unicode.Scalar>
      if first == "<", let name = tokenNames.first(where: { rest.starts(with: $0) }) {
        match = rest.prefix(name.count)
        words += [match.prefix(2), match.dropFirst(2).dropLast(2), match.suffix(2)]
      } else if first == "'", let ending = contractions.first(where: { rest.starts(with: $0) }) {
        match = rest.prefix(ending.count)
        words.append(match)
      } else {
        let kind = Kind(first)
        match = kind == .number ? rest.prefix(1) : rest.prefix { Kind($0) == kind }
        if kind != .whitespace { words.append(match) }
      }
      rest = rest[match.endIndex...]
    }
    return words
  }

  private static let tokenNames = ["<|startoftext|>", "<|endoftext|>"]
    .map { Array($0.unicodeScalars) }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]
    .map { Array($0.unicodeScalars) }

  private enum Kind {
    case whitespace, letter, number, other

    init(_ scalar: Unicode.Scalar) {
      switch scalar {
      case "a"..."z", "A"..."Z": self = .letter
      case "0"..."9": self = .number
      case _ where scalar.isASCII: self = scalar.isSpace ? .whitespace : .other
      default: self.init(beyondASCII: scalar)
      }
    }

    /// The reference's pattern engine has the tables of Unicode 16; a newer letter is `other` in
    /// it.
    private init(beyondASCII scalar: Unicode.Scalar) {
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        self = scalar.isAssigned(inUnicode: 16) ? .letter : .other
      case .decimalNumber, .letterNumber, .otherNumber:
        self = scalar.isAssigned(inUnicode: 16) ? .number : .other
      default:
        self = scalar.isSpace ? .whitespace : .other
      }
    }
  }
}
