import Options

/// A value in a file of another program. Values on a command line are texts.
enum ForeignValue: Sendable, Equatable {
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  case list([ForeignValue])

  /// The value in one line.
  var text: String {
    switch self {
    case .boolean(let value): value.text
    case .integer(let value): value.text
    case .number(let value): value.text
    case .text(let value): value
    case .list(let values): "[\(values.map(\.text).joined(separator: ", "))]"
    }
  }

  /// Whether it switches a setting off.
  var isOff: Bool {
    switch self {
    case .boolean(let value): !value
    case .integer(let value): value == 0
    case .number(let value): value == 0
    case .text(let value): value.isEmpty || Double(value) == 0 || value.lowercased() == "none"
    case .list(let values): values.isEmpty
    }
  }

  /// The largest count. Products of two counts fit an `Int`.
  static let largestCount = 1_000_000_000

  /// A whole number that counts something, at most ``largestCount`` in size.
  var asInteger: Int? {
    asWholeNumber.flatMap { $0.magnitude <= UInt(Self.largestCount) ? $0 : nil }
  }

  /// A whole number of any size, such as a seed.
  var asWholeNumber: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    case .text(let value): Int(value) ?? Double(value).flatMap { Int(exactly: $0) }
    case .list(let values): values.count == 1 ? values[0].asWholeNumber : nil
    case .boolean: nil
    }
  }

  /// A finite number.
  var asNumber: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value.isFinite ? value : nil
    case .text(let value): Double(value).flatMap { $0.isFinite ? $0 : nil }
    case .list(let values): values.count == 1 ? values[0].asNumber : nil
    case .boolean: nil
    }
  }

  var asBoolean: Bool? {
    switch self {
    case .boolean(let value): value
    case .text(let value): ["true": true, "false": false][value.lowercased()]
    case .integer, .number, .list: nil
    }
  }

  /// A text as a single element, a list of values as their texts.
  var asTexts: [String] {
    if case .list(let values) = self { values.map(\.text) } else { [text] }
  }
}

/// A setting of another program.
struct ForeignSetting: Sendable, Equatable {
  let name: String
  let value: ForeignValue
  /// Where it stands: `train.toml line 3`.
  let place: String

  /// `network_dim = 32`
  var text: String { "\(name) = \(value.text)" }

  func converted<T>(
    _ convert: (ForeignValue) -> T?, _ expected: String
  ) throws(ImportError) -> T {
    guard let result = convert(value) else {
      throw .wrongValue(name, place: place, found: value.text, expected: expected)
    }
    return result
  }

  func integer() throws(ImportError) -> Int {
    let isLarge = value.asWholeNumber != nil
    return try converted(
      \.asInteger, "a whole number" + (isLarge ? " of at most \(ForeignValue.largestCount)" : ""))
  }

  func number() throws(ImportError) -> Double { try converted(\.asNumber, "a number") }
}
