/// The forms of scalars in YAML 1.2 (section 10.3.2).
enum CoreSchema {
  static func boolean(_ text: String) -> Bool? {
    switch text {
    case "true", "True", "TRUE": true
    case "false", "False", "FALSE": false
    default: nil
    }
  }

  /// A decimal number, or one in base 8 (`0o17`) or 16 (`0x1f`).
  static func integer<Value: FixedWidthInteger>(_ type: Value.Type, _ text: String) -> Value? {
    for (prefix, radix) in [("0o", 8), ("0x", 16)] where text.hasPrefix(prefix) {
      let digits = text.dropFirst(prefix.count)
      return digits.first.map { "+-".contains($0) } == false ? Value(digits, radix: radix) : nil
    }
    return Value(text)
  }

  static func number(_ text: String) -> Double? {
    switch text {
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": .infinity
    case "-.inf", "-.Inf", "-.INF": -.infinity
    case ".nan", ".NaN", ".NAN": .nan
    // `Double` also reads hexadecimal numbers and words.
    case _ where text.utf8.allSatisfy(decimalCharacters.contains): Double(text)
    default: nil
    }
  }

  private static let decimalCharacters = Set("0123456789+-.eE".utf8)
}
