import Files
import Foundation

/// The commands in a shell script, with their words: quotation marks are read, lines that end in `\`,
/// `^` or a backtick continue, and variables that the script sets are replaced.
struct ShellScript {
  /// A word and the line it stands in.
  struct Word: Equatable {
    var text: String
    let line: Int
  }

  /// The file as the user named it.
  let name: String
  /// The words of each command.
  private(set) var commands: [[Word]] = []
  private var variables: [String: String] = [:]

  /// Reads a script. Throws `ImportError`.
  init(contentsOf url: URL) throws(ImportError) {
    try self.init(readText(url), name: url.relativePath)
  }

  /// Reads the text of a script. Throws `ImportError.openQuote`, `unknownVariable`.
  init(_ text: String, name: String) throws(ImportError) {
    self.name = name
    var reader = Reader(text: Array(text.replacing("\r\n", with: "\n")), name: name)
    while let command = try reader.command(variables) {
      let words = try assign(command)
      if !words.isEmpty { commands.append(words) }
    }
  }

  /// Takes `NAME=value` and `export NAME=value` at the start of a command as variables.
  private mutating func assign(_ command: [Word]) throws(ImportError) -> [Word] {
    var words = command[...]
    if ["export", "set"].contains(words.first?.text) { words = words.dropFirst() }
    while let word = words.first, word.text.contains("="),
      let found = word.text.wholeMatch(of: /([A-Za-z_]\w*)=((?s).*)/)
    {
      variables[String(found.1)] = String(found.2)
      words = words.dropFirst()
    }
    return Array(words)
  }

  /// Reads characters into words.
  private struct Reader {
    let text: [Character]
    let name: String
    var place = 0
    var line = 1

    /// The next command; nil at the end of the file. It ends with its line, or with `;`, `&` or `|`.
    mutating func command(_ variables: [String: String]) throws(ImportError) -> [Word]? {
      guard place < text.count else { return nil }
      var words: [Word] = []
      var word: Word?
      func started(_ word: Word?) -> Word { word ?? Word(text: "", line: line) }
      while place < text.count {
        let character = text[place]
        place += 1
        switch character {
        case "\\", "^", "`":
          if skipLineEnd() { continue }
          word = started(word)
          if character == "\\", place < text.count {
            word?.text.append(text[place])
            place += 1
          } else {
            word?.text.append(character)
          }
        case "'":
          word = started(word)
          word?.text += try quoted(until: "'", nil)
        case "\"":
          word = started(word)
          word?.text += try quoted(until: "\"", variables)
        case "$":
          let value = try variable(variables)
          word = started(word)
          word?.text += value
        case "#" where word == nil:
          while place < text.count, text[place] != "\n" { place += 1 }
        case "\n", ";", "&", "|":
          if let word { words.append(word) }
          if character == "\n" { line += 1 }
          return words
        case _ where character.isWhitespace:
          if let word { words.append(word) }
          word = nil
        default:
          word = started(word)
          word?.text.append(character)
        }
      }
      if let word { words.append(word) }
      return words
    }

    /// Skips the end of a line, with spaces before it.
    private mutating func skipLineEnd() -> Bool {
      var end = place
      while end < text.count, text[end] == " " || text[end] == "\t" { end += 1 }
      guard end < text.count, text[end] == "\n" else { return end == text.count }
      place = end + 1
      line += 1
      return true
    }

    /// The text up to a quotation mark. `variables` are replaced unless they are nil.
    private mutating func quoted(
      until mark: Character, _ variables: [String: String]?
    ) throws(ImportError) -> String {
      let start = line
      var found = ""
      while place < text.count {
        let character = text[place]
        place += 1
        switch character {
        case mark: return found
        case "$" where variables != nil: found += try variable(variables ?? [:])
        case "\\" where variables != nil && place < text.count && "\"\\$`".contains(text[place]):
          found.append(text[place])
          place += 1
        case "\\" where variables != nil && place < text.count && text[place] == "\n":
          place += 1
          line += 1
        default:
          if character == "\n" { line += 1 }
          found.append(character)
        }
      }
      throw .openQuote(name, line: start)
    }

    /// The value of the variable after `$`.
    private mutating func variable(_ variables: [String: String]) throws(ImportError) -> String {
      let isBraced = place < text.count && text[place] == "{"
      if isBraced { place += 1 }
      let start = place
      while place < text.count, text[place].isLetter || text[place].isNumber || text[place] == "_" {
        place += 1
      }
      let key = String(text[start..<place])
      if isBraced, place < text.count, text[place] == "}" { place += 1 }
      guard let value = variables[key] else {
        throw .unknownVariable("$\(key)", file: name, line: line)
      }
      return value
    }
  }
}
