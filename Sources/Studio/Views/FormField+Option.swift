import Options
import Pages

extension FormField {
  /// The field of an option, empty for the default.
  ///
  /// - Parameter set: the value that a configuration file sets instead of the default.
  init(_ option: OptionEntry?, set: String? = nil) {
    guard let option else {
      self.init(key: "", help: "", kind: .text)
      return
    }
    self.init(
      key: option.key, help: option.help.withPlainOptions, placeholder: set ?? option.standard,
      kind: option.field(set), isWhole: option.kind == .integer)
  }
}

extension OptionEntry {
  /// What holds if the option is not set, in words.
  var standard: String {
    if let follows { return "as \(follows)" }
    switch (kind, defaultText) {
    case (.boolean, let text): return text == "true" ? "yes" : text == "false" ? "no" : unset ?? ""
    case (_, "null"), (_, "[]"): return unset ?? ""
    default: return defaultText
    }
  }

  fileprivate func field(_ set: String?) -> FormField.Kind {
    let value = set ?? standard
    let unset = FormField.Choice("", title: value.isEmpty ? "default" : "default: \(value)")
    switch kind {
    case .integer, .number: return .number
    case .text: return .text
    case .list: return .list
    case .boolean:
      return .choice([
        unset, FormField.Choice("true", title: "yes"), FormField.Choice("false", title: "no"),
      ])
    case .choice(let words): return .choice([unset] + words.map { FormField.Choice($0) })
    }
  }
}
