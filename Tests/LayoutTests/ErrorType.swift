import Foundation

/// A type of error, as its declaration has it.
struct ErrorType {
  private static let declarations: Set = ["struct", "class", "enum", "actor", "extension"]
  private static let conformances: Set = ["Error", "LocalizedError", "ReportableError"]

  let name: String
  /// Whether it conforms to `ReportableError`, which demands a kind and a description.
  let isReportable: Bool
  /// Empty where the declaration has no such property.
  let kind: Property
  let description: Property
  /// The texts of `description`, those of one case together. None where it is stored.
  let sentences: [[String]]

  /// A property from its name to its end.
  struct Property {
    var words: [SwiftSource.Word] = []
    var lines = 0..<0
  }

  /// Whether `kind` or `description` would take in a case that is added later without a word of its
  /// own. The compiler sees to the rest.
  var takesAnyCase: Bool {
    [kind, description].contains { property in
      let texts = property.words.map(\.text)
      return texts.contains("default")
        || zip(texts, texts.dropFirst()).contains { $0 == "if" && $1 == "case" }
    }
  }

  /// Whether `description` shows the value as Swift prints it.
  var isDump: Bool {
    description.words.indices.contains { index in
      let word = description.words[index]
      if ["describing", "reflecting"].contains(word.text) { return true }
      guard word.text == "self", !word.isMember else { return false }
      let isUsed = description.words.dropFirst(index + 1).first?.isMember == true
      let isMatched = index > 0 && ["switch", "case"].contains(description.words[index - 1].text)
      return !isUsed && !isMatched
    }
  }

  /// The types of error that a file declares, or makes of other types.
  static func all(in source: SwiftSource) -> [ErrorType] {
    let words = source.words
    return words.indices.dropLast().compactMap { start in
      guard declarations.contains(words[start].text), !words[start].isMember else { return nil }
      let body = words[(start + 1)...].prefix { $0.depth > words[start].depth || $0.isHeader }
      let header = body.prefix { $0.depth == words[start].depth && $0.isHeader }
      guard header.dropFirst().contains(where: { conformances.contains($0.text) }) else {
        return nil
      }
      return ErrorType(header, body, of: source)
    }
  }

  private init(
    _ header: ArraySlice<SwiftSource.Word>, _ body: ArraySlice<SwiftSource.Word>,
    of source: SwiftSource
  ) {
    name = header.prefix { !Self.conformances.contains($0.text) }.first?.text ?? ""
    isReportable = header.contains { $0.text == "ReportableError" }
    kind = Self.property("kind", in: body, of: source)
    description = Self.property("description", in: body, of: source)
    sentences = Self.branches(of: description).map { lines in
      source.literals.filter { !$0.isInterpolated && lines.contains($0.line) }.map(\.text)
    }.filter { !$0.isEmpty }
  }

  private static func property(
    _ name: String, in body: ArraySlice<SwiftSource.Word>, of source: SwiftSource
  ) -> Property {
    for (index, word) in zip(body.indices, body).dropFirst()
    where word.text == name && ["var", "let"].contains(body[index - 1].text) {
      let type = body[(index + 1)...].prefix { $0.depth == word.depth && $0.line == word.line }
      let end = body[type.endIndex...].prefix { $0.depth > word.depth }.endIndex
      let next = end < source.words.endIndex ? source.words[end].line : .max
      return Property(words: Array(body[index..<end]), lines: word.line..<next)
    }
    return Property()
  }

  /// The lines of each case or `return`, or all where there are none.
  private static func branches(of property: Property) -> [Range<Int>] {
    let words = property.words
    let starts = words.indices.dropFirst().filter { index in
      words[index].text == "return"
        || words[index].text == "case" && words[index - 1].line < words[index].line
    }.map { words[$0] }
    guard !starts.isEmpty else { return [property.lines] }
    let ends = starts.dropFirst().map(\.line) + [property.lines.upperBound]
    return starts.indices.compactMap { index in
      // What is computed before a return is no sentence yet.
      let isReturned =
        starts[index].text == "case" && starts.dropFirst(index + 1).first?.text == "return"
      return isReturned ? nil : starts[index].line..<ends[index]
    }
  }
}

extension SwiftSource.Word {
  /// Whether it can stand between a declaration's name and its brace.
  fileprivate var isHeader: Bool {
    ![
      "struct", "class", "enum", "actor", "extension", "protocol", "func", "var", "let", "import",
      "public", "package", "internal", "private", "fileprivate", "final", "typealias",
    ].contains(text)
  }
}
