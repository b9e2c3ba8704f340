import Foundation

/// The kind of an option's value, for completions and forms.
package indirect enum OptionKind: Sendable, Equatable {
  case integer
  case number
  case text
  case boolean
  case choice([String])
  case list(OptionKind)

  /// Whether a value is a list of values.
  package var isList: Bool {
    if case .list = self { true } else { false }
  }
}

/// A type that an option can have.
package protocol OptionValue: Codable, Sendable, Equatable {
  /// The type of a value that is not `null`: `Int` for `Int?`, else the type itself.
  associatedtype Bound: Sendable = Self

  static var kind: OptionKind { get }
  /// Whether `null` is a value.
  static var isNullable: Bool { get }

  /// The value; nil for `null`.
  var bound: Bound? { get }
  /// The value in one line: `16`, `null`, `[to_q, to_v]`.
  var text: String { get }
  /// The value as YAML, with quotes where they are needed.
  var yaml: String { get }
}

extension OptionValue {
  package static var isNullable: Bool { false }
  package var yaml: String { text }
}

extension OptionValue where Bound == Self {
  package var bound: Self? { self }
}

extension OptionValue where Self: CustomStringConvertible {
  package var text: String { description }
}

extension Int: OptionValue {
  package static var kind: OptionKind { .integer }
}

extension UInt64: OptionValue {
  package static var kind: OptionKind { .integer }
}

extension Bool: OptionValue {
  package static var kind: OptionKind { .boolean }
}

extension Double: OptionValue {
  package static var kind: OptionKind { .number }
  package var text: String {
    description.hasSuffix(".0") ? String(description.dropLast(2)) : description
  }
  package var yaml: String {
    // Other YAML readers read a number with an exponent but without a point as text.
    description.contains(".") ? description : description.replacing("e", with: ".0e")
  }
}

extension String: OptionValue {
  package static var kind: OptionKind { .text }
  package var text: String { self }
  package var yaml: String {
    let isPlain =
      first?.isASCIILetter == true
      && allSatisfy { $0.isASCIILetter || $0.isASCII && $0.isNumber || "_./-".contains($0) }
    // YAML reads these words as booleans and null.
    let words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
    if isPlain && !words.contains(lowercased()) { return self }
    let escaped = unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case "\n": "\\n"
      case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
        "\\x" + String(format: "%02x", scalar.value)
      default: String(scalar)
      }
    }.joined()
    return "\"\(escaped)\""
  }
}

extension Character {
  fileprivate var isASCIILetter: Bool { isASCII && isLetter }
}

extension Optional: OptionValue where Wrapped: OptionValue {
  package typealias Bound = Wrapped

  package static var kind: OptionKind { Wrapped.kind }
  package static var isNullable: Bool { true }
  package var bound: Wrapped? { self }
  package var text: String { self?.text ?? "null" }
  package var yaml: String { self?.yaml ?? "null" }
}

extension Array: OptionValue where Element: OptionValue {
  package static var kind: OptionKind { .list(Element.kind) }
  package var text: String { "[\(map(\.text).joined(separator: ", "))]" }
  package var yaml: String { "[\(map(\.yaml).joined(separator: ", "))]" }
}

extension ConfigChoice {
  package static var kind: OptionKind { .choice(choices) }
  package var text: String { rawValue }
  package var yaml: String { rawValue.yaml }
}
