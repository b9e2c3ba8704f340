package import Foundation

extension URL {
  /// The names in this folder, sorted; none if it does not exist or cannot be read.
  package var entryNames: [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path.isEmpty ? "." : path).sorted()
    } catch {
      return []
    }
  }
}

extension String {
  /// The text shortened for a message: at most `limit` characters, with the middle of a longer text
  /// left out.
  package func excerpt(_ limit: Int = 80) -> String {
    guard count > limit else { return self }
    let kept = limit - 3
    return prefix(kept - kept / 2) + "..." + suffix(kept / 2)
  }

  /// The text with its control characters as escapes: `\n`, `\t`, `\r`, and `\u{1b}` for the others.
  /// A name with such characters stays on one line and sends nothing to a terminal.
  package var showingControls: String {
    guard unicodeScalars.contains(where: \.isControl) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      case _ where scalar.isControl: text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool { properties.generalCategory == .control }
}

/// The first names for a sentence, ten by default, and the number of the others.
package func listing(_ names: [String], separator: String = ", ", limit: Int = 10) -> String {
  let shown = names.prefix(limit).joined(separator: separator)
  return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
}
