/// An option that is one of a few words.
package protocol ConfigChoice: RawRepresentable, OptionValue
where RawValue == String {
  /// The words to choose from, for completions and forms.
  static var choices: [String] { get }
  /// The same for error messages and help: `fp32, bf16 or fp16`.
  static var allowed: String { get }
}

extension ConfigChoice {
  /// Reads the word. Fails with `allowed` as the description.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = Self(rawValue: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: Self.allowed)
    }
    self = value
  }

  /// The words, the last one after `or`.
  package static var allowed: String {
    let last = choices.last.map { [$0] } ?? []
    let others = choices.dropLast().joined(separator: ", ")
    return ((others.isEmpty ? [] : [others]) + last).joined(separator: " or ")
  }
}

extension ConfigChoice where Self: CaseIterable {
  /// Every case, in the order of declaration.
  package static var choices: [String] { allCases.map(\.rawValue) }
}
