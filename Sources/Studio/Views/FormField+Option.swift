import Drawing
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
      key: option.key, help: Self.ownHelp[option.key] ?? option.help.withPlainOptions,
      placeholder: set ?? option.standard,
      kind: option.field(set), isWhole: option.kind == .integer)
  }
}

extension FormField {
  /// The help of options that take something else here than on the command line.
  fileprivate static let ownHelp = [
    DrawingOptions.schema.key(of: \.$image): "Number of a picture of the gallery to draw over.",
    DrawingOptions.schema.key(of: \.$vae): "Another VAE: the name of an installed one.",
  ]
}

extension OptionEntry {
  /// What holds if the option is not set, in words.
  var standard: String { plainStandard.withPlainOptions }

  private var plainStandard: String {
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
