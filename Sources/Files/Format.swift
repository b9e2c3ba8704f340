package import Foundation

/// Values for people; a dash for an unknown one.
package enum Format {
  /// Four digits after the point.
  package static func loss(_ value: Double?) -> String { number(value, digits: 4) }

  /// Three digits after the point.
  package static func seconds(_ value: Double?) -> String { number(value, digits: 3) }

  /// Gigabytes.
  package static func bytes(_ value: Int64?) -> String {
    value.map { "\(number(Double($0) / 1e9, digits: 2)) GB" } ?? "-"
  }

  /// Day and time of day, in UTC.
  package static func date(_ value: Date) -> String {
    value.formatted(.iso8601.dateSeparator(.dash).timeSeparator(.colon))
  }

  /// Megabytes.
  package static func megabytes(_ bytes: Int) -> String {
    "\(number(Double(bytes) / 1e6, digits: 2)) MB"
  }

  private static func number(_ value: Double?, digits: Int) -> String {
    value.map { $0.fixed(digits) } ?? "-"
  }
}
