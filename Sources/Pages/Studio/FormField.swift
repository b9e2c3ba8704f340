/// A field of a form, made from the declaration of an option.
package struct FormField: Sendable {
  package struct Choice: Sendable {
    let value: String
    let title: String
    let isSelected: Bool

    package init(_ value: String, title: String? = nil, isSelected: Bool = false) {
      self.value = value
      self.title = title ?? value
      self.isSelected = isSelected
    }

    /// The same, selected if it has this value.
    package func selected(_ chosen: String?) -> Choice {
      Choice(value, title: title, isSelected: value == chosen)
    }
  }

  /// What the field looks like.
  package enum Kind: Sendable {
    case text, longText, number
    case choice([Choice])
    /// Lines, each a value.
    case list
  }

  let key: String
  let label: String
  let help: String
  let placeholder: String
  let value: String
  let isText: Bool
  let isLongText: Bool
  let isNumber: Bool
  let isList: Bool
  let isWhole: Bool
  let isChoice: Bool
  let choices: [Choice]

  /// - Parameters:
  ///   - key: the option's key, from which the label is made.
  ///   - placeholder: what holds if the field stays empty.
  package init(
    key: String, label: String? = nil, help: String, placeholder: String = "", value: String = "",
    kind: Kind, isWhole: Bool = false
  ) {
    self.key = key
    self.label = label ?? Self.label(of: key)
    self.help = help
    self.placeholder = placeholder
    self.value = value
    self.isWhole = isWhole
    var (isText, isLongText, isNumber, isList) = (false, false, false, false)
    var choices: [Choice] = []
    var isChoice = false
    switch kind {
    case .text: isText = true
    case .longText: isLongText = true
    case .number: isNumber = true
    case .list: isList = true
    case .choice(let all): (isChoice, choices) = (true, all)
    }
    (self.isText, self.isLongText, self.isNumber) = (isText, isLongText, isNumber)
    self.isList = isList
    self.isChoice = isChoice
    self.choices = choices
  }

  /// `Batch size` for `batch_size`.
  private static func label(of key: String) -> String {
    let words = key.split(separator: "_").map { acronyms[String($0)] ?? String($0) }
    let text = words.joined(separator: " ")
    return text.prefix(1).uppercased() + text.dropFirst()
  }

  private static let acronyms = [
    "vae": "VAE", "lora": "LoRA", "snr": "SNR", "cuda": "CUDA", "beta1": "beta 1",
    "beta2": "beta 2",
  ]
}

/// Fields under one title.
package struct FormSection: Sendable {
  let title: String
  let fields: [FormField]

  package init(title: String, fields: [FormField]) {
    self.title = title
    self.fields = fields
  }
}
