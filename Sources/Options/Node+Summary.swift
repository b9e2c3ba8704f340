package import Yams

extension Node {
  /// Whether the value is null: nothing, `~` or the word, without quotes.
  package var isNull: Bool {
    guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }

  /// The value in a few words, for errors.
  package var summary: String {
    switch self {
    case .scalar(let scalar): isNull ? "nothing" : "\"\(scalar.string)\""
    case .sequence: "a list"
    case .mapping: "a group of options"
    case .alias: "an alias"
    }
  }

  /// A text that YAML reads as an option because of its colon: `a dog: sitting`.
  var unquotedText: String? {
    guard case .mapping(let mapping) = self, mapping.style != .flow, mapping.count == 1,
      let (key, value) = mapping.first, let words = key.scalar?.string,
      let rest = value.scalar?.string, words.contains(" ") || rest.contains(" ")
    else { return nil }
    return "\(words): \(rest)"
  }

  /// The words after "must be" for such a text.
  static func quotesNeeded(for text: String) -> String {
    "a text in quotes, \"\(text)\", because YAML reads the colon as an option"
  }
}
