import Foundation
import NN

/// The text that A1111's web UI writes into pictures under the key `parameters`: the prompt, the
/// negative prompt, and a line of fields such as `Steps: 20, Sampler: Euler a`. Many programs read it.
package struct Infotext: Sendable, Equatable {
  /// The PNG text key.
  package static let key = "parameters"
  private static let negativeStart = "Negative prompt:"
  /// With fewer fields, the last line belongs to the prompt.
  private static let leastFields = 3

  package struct Field: Sendable, Equatable {
    package var key: String
    /// Without quotation marks.
    package var value: String
    /// Whether a value with a comma, a colon or a line break is written in quotation marks.
    var isQuotable: Bool

    package init(_ key: String, _ value: String) { self.init(key, value, isQuotable: true) }

    init(_ key: String, _ value: String, isQuotable: Bool) {
      self.key = key
      self.value = value
      self.isQuotable = isQuotable
    }
  }

  package var prompt: String
  /// nil if there is no such line.
  package var negative: String?
  /// The last line.
  package var fields: [Field]

  package init(prompt: String, negative: String?, fields: [Field]) {
    self.prompt = prompt
    self.negative = negative
    self.fields = fields
  }

  /// The value of the first field of that name.
  package subscript(key: String) -> String? { fields.first { $0.key == key }?.value }

  package var text: String {
    var lines = [prompt]
    if let negative { lines.append("\(Self.negativeStart) \(negative)") }
    lines.append(
      fields.map { "\($0.key): \($0.isQuotable ? Self.quoted($0.value) : $0.value)" }.joined(
        separator: ", "))
    return lines.joined(separator: "\n")
  }

  /// Reads a text as A1111 does; nil if it has no line of fields.
  package init?(parsing text: String) {
    var lines = text.trimmingCharacters(in: .whitespacesAndNewlines)
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    fields = Self.fields(of: lines.removeLast())
    guard fields.count >= Self.leastFields else { return nil }
    let start = lines.firstIndex { $0.hasPrefix(Self.negativeStart) } ?? lines.endIndex
    prompt = lines[..<start].joined(separator: "\n")
    negative =
      start == lines.endIndex
      ? nil
      : lines[start...].joined(separator: "\n").dropFirst(Self.negativeStart.count)
        .trimmingCharacters(in: .whitespaces)
  }

  /// A JSON string, if the value contains a separator.
  private static func quoted(_ value: String) -> String {
    guard value.contains(where: { ",:\n".contains($0) }) else { return value }
    let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      .replacing("\n", with: "\\n")
    return "\"\(escaped)\""
  }

  private static func unquoted(_ value: String) -> String {
    guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return value }
    do {
      return try JSONDecoder().decode(String.self, from: Data(value.utf8))
    } catch {
      // No JSON string: A1111 takes the value as it is, too.
      return value
    }
  }

  /// `key: value` pairs separated by commas. A value in double quotes may contain any character.
  private static func fields(of line: String) -> [Field] {
    var pieces = [""]
    var isQuoted = false
    var isEscaped = false
    for character in line {
      if character == "," && !isQuoted {
        pieces.append("")
        continue
      }
      // A quotation begins only at the start of a value.
      if character == "\"" && !isEscaped {
        isQuoted = !isQuoted && pieces[pieces.count - 1].hasSuffix(": ")
      }
      isEscaped = isQuoted && character == "\\" && !isEscaped
      pieces[pieces.count - 1].append(character)
    }
    return pieces.compactMap { piece in
      guard let colon = piece.firstIndex(of: ":") else { return nil }
      let key = piece[..<colon].trimmingCharacters(in: .whitespaces)
      let value = piece[piece.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      return key.isEmpty ? nil : Field(key, unquoted(value))
    }
  }
}
