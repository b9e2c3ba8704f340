/// The words and string literals of a Swift file, without its comments.
///
/// It works on bytes, which is fast enough to read the whole package in debug builds.
struct SwiftSource {
  /// A name or keyword.
  struct Word {
    let text: String
    let line: Int
    /// How many braces are open.
    let depth: Int
    /// Whether a dot stands before it, as in `.step` or `self.step`.
    let isMember: Bool
    /// Whether a parenthesis follows, as in a call.
    var isCalled = false
  }

  /// The text of a string literal; an interpolation counts as one letter.
  struct Literal {
    let text: String
    let line: Int
    /// Whether it stands in an interpolation of another.
    let isInterpolated: Bool
  }

  private(set) var words: [Word] = []
  private(set) var literals: [Literal] = []

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var depth = 0
  private var interpolations = 0

  init(_ text: String) {
    bytes = Array(text.utf8)
    readCode()
  }

  /// Reads to the end, or to the parenthesis that ends an interpolation.
  private mutating func readCode(isInterpolation: Bool = false) {
    var parentheses = 0
    while let byte = byte(0) {
      if byte == .slash, self.byte(1) == .slash {
        skipLine()
      } else if byte == .slash, self.byte(1) == .star {
        skipComment()
      } else if byte == .quote {
        readLiteral(hashes: 0)
      } else if byte == .hash, let hashes = hashesBeforeQuote() {
        position += hashes
        readLiteral(hashes: hashes)
      } else if byte.isLetter {
        readWord()
      } else {
        if byte == .newline { line += 1 }
        if byte == .openBrace { depth += 1 }
        if byte == .closeBrace { depth -= 1 }
        if byte == .openParenthesis { parentheses += 1 }
        if byte == .closeParenthesis { parentheses -= 1 }
        position += 1
        if isInterpolation, parentheses < 0 { return }
      }
    }
  }

  private mutating func readWord() {
    let start = position
    let isMember =
      start > 0 && bytes[start - 1] == .dot && !(start > 1 && bytes[start - 2] == .dot)
    while let byte = byte(0), byte.isLetter || byte.isDigit { position += 1 }
    words.append(
      Word(
        text: String(decoding: bytes[start..<position], as: UTF8.self), line: line, depth: depth,
        isMember: isMember, isCalled: byte(0) == .openParenthesis))
  }

  /// Reads a literal from its opening quote.
  private mutating func readLiteral(hashes: Int) {
    let start = line
    let quotes = byte(1) == .quote && byte(2) == .quote ? 3 : 1
    var text: [UInt8] = []
    position += quotes
    while let byte = byte(0) {
      if byte == .newline {
        // A quote in a regular expression begins a literal that ends with its line.
        if quotes == 1 { break }
        line += 1
      }
      if byte == .quote, isRun(of: .quote, quotes), isRun(of: .hash, hashes, after: quotes) {
        position += quotes + hashes
        break
      }
      if byte == .backslash, isRun(of: .hash, hashes, after: 1) {
        position += 1 + hashes
        let escaped = self.byte(0)
        position += 1
        if escaped == .openParenthesis {
          interpolations += 1
          readCode(isInterpolation: true)
          interpolations -= 1
          text.append(UInt8(ascii: "x"))
        } else if escaped == UInt8(ascii: "n") {
          text.append(.newline)
        } else if escaped == .newline {
          line += 1
        }
        continue
      }
      text.append(byte)
      position += 1
    }
    literals.append(
      Literal(
        text: String(decoding: text, as: UTF8.self), line: start,
        isInterpolated: interpolations > 0))
  }

  private mutating func skipLine() {
    while let byte = byte(0), byte != .newline { position += 1 }
  }

  private mutating func skipComment() {
    var open = 0
    while let byte = byte(0) {
      let isPair = self.byte(1) == (byte == .slash ? .star : .slash)
      if byte == .newline { line += 1 }
      if byte == .slash, isPair { open += 1 }
      if byte == .star, isPair { open -= 1 }
      position += isPair && (byte == .slash || byte == .star) ? 2 : 1
      if open == 0 { return }
    }
  }

  private func byte(_ offset: Int) -> UInt8? {
    position + offset < bytes.count ? bytes[position + offset] : nil
  }

  private func isRun(of wanted: UInt8, _ count: Int, after offset: Int = 0) -> Bool {
    (0..<count).allSatisfy { byte(offset + $0) == wanted }
  }

  /// How many hashes begin a raw string here; nil: there is no raw string.
  private func hashesBeforeQuote() -> Int? {
    var count = 0
    while byte(count) == .hash { count += 1 }
    return byte(count) == .quote ? count : nil
  }
}

extension UInt8 {
  fileprivate static let newline = UInt8(ascii: "\n")
  fileprivate static let slash = UInt8(ascii: "/")
  fileprivate static let star = UInt8(ascii: "*")
  fileprivate static let quote = UInt8(ascii: "\"")
  fileprivate static let backslash = UInt8(ascii: "\\")
  fileprivate static let hash = UInt8(ascii: "#")
  fileprivate static let dot = UInt8(ascii: ".")
  fileprivate static let openBrace = UInt8(ascii: "{")
  fileprivate static let closeBrace = UInt8(ascii: "}")
  fileprivate static let openParenthesis = UInt8(ascii: "(")
  fileprivate static let closeParenthesis = UInt8(ascii: ")")

  fileprivate var isDigit: Bool { self >= 48 && self <= 57 }

  /// Whether a name can begin with it; bytes of other scripts count as letters.
  fileprivate var isLetter: Bool {
    (self | 32 >= 97 && self | 32 <= 122) || self == 95 || self >= 128
  }
}
