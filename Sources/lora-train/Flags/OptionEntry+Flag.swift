import ArgumentParser
import Options

extension OptionEntry {
  /// The flag without its dashes: `batch-size`. The flag of a list is repeated for each value, so it is
  /// the singular: `class-prompt`. That of a list which is mostly one word for several is the plural: `targets`.
  func flagName(_ key: String) -> String {
    let isSingular = key == self.key ? self.isSingular : kind.isList
    return (isSingular ? String(key.dropLast()) : key).replacing("_", with: "-")
  }

  /// The other number of a list's flag, for those who expect it.
  var otherFlagName: String {
    (isSingular ? key : String(key.dropLast())).replacing("_", with: "-")
  }

  private var isSingular: Bool {
    if case .list(.choice) = kind { false } else { kind.isList }
  }

  /// `--batch-size`
  var flag: String { "--\(flagName(key))" }

  /// The help with the allowed values and the default.
  var flagHelp: String {
    [help, choicesHelp, kind.isList ? "Can be repeated." : nil, defaultHelp].compactMap { $0 }
      .joined(separator: " ").wordingFlags
  }

  private var defaultHelp: String? {
    if let followed { return "Default: \(followed)." }
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
