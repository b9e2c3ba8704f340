/// The values that an option may have.
package struct Allowed<Value>: Sendable {
  /// The words after "must be": `a whole number from 1 to 4096`. Mentions other options in
  /// backticks.
  package let description: String
  package let contains: @Sendable (Value) -> Bool

  package init(_ description: String, contains: @escaping @Sendable (Value) -> Bool) {
    self.description = description
    self.contains = contains
  }

  /// The same values with another description.
  package func described(as description: String) -> Allowed {
    Allowed(description, contains: contains)
  }
}

extension Allowed<Int> {
  package static func `in`(_ range: ClosedRange<Int>) -> Allowed {
    Allowed(wholeNumber(in: range), contains: range.contains)
  }

  package static func multiple(of unit: Int, in range: ClosedRange<Int>) -> Allowed {
    Allowed("a multiple of \(unit) from \(range.lowerBound) to \(range.upperBound)") {
      $0.isMultiple(of: unit) && range.contains($0)
    }
  }
}

extension Allowed<Double> {
  /// Above 0, and finite.
  package static var positive: Allowed {
    Allowed("a number above 0") { $0 > 0 && $0.isFinite }
  }

  /// At least 0, and finite.
  package static var notNegative: Allowed {
    Allowed("a number of at least 0") { $0 >= 0 && $0.isFinite }
  }

  package static var share: Allowed { Allowed("from 0 to 1", contains: (0...1).contains) }

  package static var properShare: Allowed {
    Allowed("at least 0 and below 1", contains: (0..<1).contains)
  }
}

/// `a whole number from 1 to 4096`, for errors.
package func wholeNumber(in range: ClosedRange<Int>) -> String {
  "a whole number from \(range.lowerBound) to \(range.upperBound)"
}
