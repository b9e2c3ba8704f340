/// The brackets of a TOML text. toml++ 3 (TOMLKit) ends the program at two errors in them: a group without
/// a name, as in `[!]`, and a list that `}` closes, as in `[}`. They are looked for before it reads a text.
struct TOMLBrackets {
  private var rest: Substring.UnicodeScalarView
  private var line = 1
  /// The brackets that are open.
  private var open: [Unicode.Scalar] = []

  /// The line and the problem of the first such error; nil without one. Errors that toml++ reports are not
  /// looked for.
  static func error(in text: String) -> (line: Int, problem: String)? {
    var brackets = TOMLBrackets(rest: text[...].unicodeScalars)
    return brackets.error()
  }

  private mutating func error() -> (line: Int, problem: String)? {
    var isLineStart = true
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\n":
        line += 1
        isLineStart = true
        continue
      case "#": skip { $0 != "\n" }
      case "\"", "'": skipText(in: scalar)
      case "[" where isLineStart && open.isEmpty:
        if !hasName { return (line, "a group needs a name in its brackets") }
        open.append(scalar)
      case "[", "{": open.append(scalar)
      case "}" where open.last == "[": return (line, "} closes a list; it ends with ]")
      case "]", "}": _ = open.popLast()
      default: if scalar.properties.isWhitespace || scalar == "\u{feff}" { continue }
      }
      isLineStart = false
    }
    return nil
  }

  /// Whether a name begins after the first bracket of a group.
  private var hasName: Bool {
    var name = rest.drop { $0 == " " || $0 == "\t" }
    if name.first == "[" { name = name.dropFirst().drop { $0 == " " || $0 == "\t" } }
    // toml++ itself refuses `[]` and the end of the text.
    guard let first = name.first else { return true }
    return first.isASCII && first.properties.isAlphabetic
      || "0123456789_-\"']".unicodeScalars.contains(first)
  }

  private mutating func skip(while isInside: (Unicode.Scalar) -> Bool) {
    rest = rest.drop(while: isInside)
  }

  /// Skips a text whose first quote is read, up to its last one. A text in single quotes has no escapes, and
  /// one in three quotes may have several lines.
  private mutating func skipText(in quote: Unicode.Scalar) {
    let isLong = rest.starts(with: [quote, quote])
    if isLong { rest = rest.dropFirst(2) }
    while let scalar = rest.first {
      if scalar == "\n" {
        // A text that is not closed is an error of toml++.
        if !isLong { return }
        line += 1
      }
      rest.removeFirst()
      if scalar == "\\", quote == "\"" {
        // The escaped character, unless the line ends.
        if let escaped = rest.first, escaped != "\n" { rest.removeFirst() }
      } else if scalar == quote {
        if !isLong { return }
        if rest.starts(with: [quote, quote]) {
          // Up to two quotes before the last three belong to the text.
          let quotes = rest.prefix { $0 == quote }.count
          rest = rest.dropFirst(min(quotes, 4))
          return
        }
      }
    }
  }
}
