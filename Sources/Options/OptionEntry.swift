/// An option of a table as data, for flags, help, files and forms.
package struct OptionEntry: Sendable {
  /// Its name in YAML and JSON: `batch_size`.
  package let key: String
  /// Keys that it had in earlier versions, which are still read.
  package let formerly: [String]
  package let section: OptionSection
  /// What the option is. Other options are named by their keys in backticks.
  package let help: String
  package let kind: OptionKind
  /// Whether `null` is a value.
  package let isNullable: Bool
  /// The default: `16`, `null`, `[to_q, to_v]`.
  package let defaultText: String
  /// The words after "must be"; nil: all values of the type are allowed.
  package let allowed: String?
  /// The placeholder for the value in help.
  package let valueName: String?
  /// What `null` or an empty list means.
  package let unset: String?
  /// The key of the option whose value it takes until it is set.
  package let follows: String?
  /// Whether it can never change within a run.
  package let isFixed: Bool

  /// What holds until an option is set that follows another one, in words; nil if it follows none.
  package var followed: String? { follows.map { unset ?? "the value of `\($0)`" } }

  /// The words to choose from, as a sentence; nil if the option is not a choice.
  package var choicesHelp: String? {
    guard case .choice(let words) = kind else { return nil }
    return "Values: \(allowed ?? words.joined(separator: ", "))."
  }
}

/// A part of a table, under one title in help and files.
package struct OptionSection: Sendable, Equatable {
  package let title: String

  package init(_ title: String) { self.title = title }
}

/// An option's key, for encoders and decoders.
struct OptionKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ key: String) { stringValue = key }
  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { nil }
}
