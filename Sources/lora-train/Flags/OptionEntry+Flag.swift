import ArgumentParser
import Options

extension OptionEntry {
  /// The flag without its dashes: `batch-size`. The flag of a list is repeated for each value, so it is
  /// the singular: `class-prompt`.
  func flagName(_ key: String) -> String {
    (kind.isList ? String(key.dropLast()) : key).replacing("_", with: "-")
  }

  /// `--batch-size`
  var flag: String { "--\(flagName(key))" }

  /// The help with the allowed values and the default.
  var flagHelp: String {
    [help, choicesHelp, kind.isList ? "Can be repeated." : nil, defaultHelp].compactMap { $0 }
      .joined(separator: " ").wordingFlags
  }

  private var defaultHelp: String? {
    if let follows { return "Default: the value of `\(follows)`." }
    switch (kind, defaultText, unset) {
    case (_, "null", let unset?), (_, "[]", let unset?): return "Default: \(unset)."
    case (.boolean, let text, _): return "Default: \(text == "true" ? "yes" : "no")."
    case (_, "", _): return nil
    case (.list, let text, _): return "Default: \(text.dropFirst().dropLast())."
    case (_, let text, let unset?): return "Default: \(text); null: \(unset)."
    case (_, let text, nil): return "Default: \(text)."
    }
  }

  /// How a shell completes the value.
  var completion: CompletionKind? {
    switch (kind, valueName) {
    case (.choice(let choices), _): .list(choices)
    case (_, "folder"): .directory
    default: nil
    }
  }
}
