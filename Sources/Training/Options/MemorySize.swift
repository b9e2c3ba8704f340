import Foundation
import Options

/// An amount of memory, as the user writes it: `8GB`, `7.5 GiB`, `6500MB`. As on graphics cards, a GB has
/// 1024 MB.
package struct MemorySize: Sendable, Equatable, CustomStringConvertible {
  package let bytes: Int

  package init(bytes: Int) { self.bytes = bytes }

  /// Reads an amount of at least 100 MB.
  package init?(_ text: String) {
    let text = text.lowercased().filter { $0 != " " }
    let unit = text.drop { $0.isNumber || $0 == "." }
    let shift: Int
    switch unit {
    case "g", "gb", "gib": shift = 30
    case "m", "mb", "mib": shift = 20
    default: return nil
    }
    guard let number = Double(text.dropLast(unit.count)), number > 0,
      number * pow(2, Double(shift)) < 1e15
    else { return nil }
    bytes = Int(number * pow(2, Double(shift)))
    guard bytes >= 100 << 20 else { return nil }
  }

  /// In GiB, with one digit, or two below one GiB.
  package var description: String {
    let gibibytes = Double(bytes) / Double(1 << 30)
    return String(format: gibibytes < 1 ? "%.2f GiB" : "%.1f GiB", gibibytes)
  }

  /// The sizes that an option may have.
  static var allowed: Allowed<String> {
    Allowed("a size of at least 100MB, such as 8GB or 6500MB") { MemorySize($0) != nil }
  }
}
