import Foundation

// Numbers in messages. They are the same in every locale: a point before the fraction, and no
// grouping except in `grouped`.

private let posix = Locale(identifier: "en_US_POSIX")

extension BinaryFloatingPoint {
  /// The number with `digits` digits after the point: `0.0412`.
  package func fixed(_ digits: Int) -> String {
    Double(self).formatted(
      .number.precision(.fractionLength(digits)).grouping(.never).locale(posix))
  }

  /// The number without trailing zeros and with at most six digits after the point: `7.5`, `5`.
  package var short: String {
    Double(self).formatted(
      .number.precision(.fractionLength(0...6)).grouping(.never).locale(posix))
  }

  /// The number with at most `digits` significant digits: `0.0001`, `9.76e-05`.
  package func significant(_ digits: Int) -> String { String(format: "%.\(digits)g", Double(self)) }
}

extension Int {
  /// The number with a comma between thousands: `23,224,320`.
  package var grouped: String {
    let digits = String(magnitude)
    let groups = stride(from: digits.count, to: 0, by: -3).map { end in
      digits.dropLast(digits.count - end).suffix(3)
    }
    return (self < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }
}

extension Duration {
  /// Hours, minutes and seconds: `1:02:03`.
  package var clock: String {
    formatted(.time(pattern: .hourMinuteSecond).locale(posix))
  }
}
