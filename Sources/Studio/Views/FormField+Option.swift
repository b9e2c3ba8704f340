import Drawing
import Options
import Pages

extension FormField {
  /// The field of an option, empty for the default.
  ///
  /// - Parameters:
  ///   - set: the value that a configuration file sets instead of the default.
  ///   - value: the value in the field.
  init(_ option: OptionEntry?, set: String? = nil, value: String = "") {
    guard let option else {
      self.init(key: "", help: "", kind: .text)
      return
    }
    self.init(
      key: option.key, help: Self.ownHelp[option.key] ?? option.help.withPlainOptions,
      placeholder: option.placeholder(set ?? option.standard),
      value: value, kind: option.field(set, value), isWhole: option.kind == .integer)
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

  /// What an empty field shows.
  fileprivate func placeholder(_ value: String) -> String {
    guard kind.isList else { return value }
    let isList = value.hasPrefix("[") && value.hasSuffix("]")
    let words = isList ? String(value.dropFirst().dropLast()) : value
    return words.isEmpty ? "one a line" : "one a line; else \(words)"
  }

  private var plainStandard: String {
    if let follows { return unset ?? "as \(follows)" }
    switch (kind, defaultText) {
    case (.boolean, let text): return text == "true" ? "yes" : text == "false" ? "no" : unset ?? ""
    case (_, "null"), (_, "[]"): return unset ?? ""
    default: return defaultText
    }
  }

  fileprivate func field(_ set: String?, _ chosen: String) -> FormField.Kind {
    let value = set ?? standard
    let unset = FormField.Choice("", title: value.isEmpty ? "default" : "default: \(value)")
    func choice(_ all: [FormField.Choice]) -> FormField.Kind {
      .choice([unset] + all.map { $0.selected(chosen) })
    }
    switch kind {
    case .integer, .number: return .number
    case .text: return .text
    case .list: return .list
    case .boolean:
      return choice([
        FormField.Choice("true", title: "yes"), FormField.Choice("false", title: "no"),
      ])
    case .choice(let words): return choice(words.map { FormField.Choice($0) })
    }
  }
}
