import Foundation
import NN

/// What A1111's web UI writes into pictures under the key `parameters`, and many programs read: the
/// prompt, a line for what to keep away from, and a line of `Steps: 20, Sampler: Euler a, ...`.
public struct Infotext: Sendable, Equatable {
  /// The key of the text.
  public static let key = "parameters"
  private static let negativeStart = "Negative prompt:"
  /// With fewer, the last line is taken for one of the prompt.
  private static let leastFields = 3

  /// A name and its value.
  public struct Field: Sendable, Equatable {
    /// What is said, as `Steps`.
    public var key: String
    /// What it is, without quotation marks.
    public var value: String
    /// Whether the value is put in quotation marks where it holds what separates fields.
    var isQuotable: Bool

    /// A name and its value.
    public init(_ key: String, _ value: String) { self.init(key, value, isQuotable: true) }

    init(_ key: String, _ value: String, isQuotable: Bool) {
      self.key = key
      self.value = value
      self.isQuotable = isQuotable
    }
  }

  /// What was asked for.
  public var prompt: String
  /// nil: there is no such line.
  public var negative: String?
  /// The last line.
  public var fields: [Field]

  /// A text of these parts.
  public init(prompt: String, negative: String?, fields: [Field]) {
    self.prompt = prompt
    self.negative = negative
    self.fields = fields
  }

  /// The value of a field.
  public subscript(key: String) -> String? { fields.first { $0.key == key }?.value }

  /// The text itself.
  public var text: String {
    var lines = [prompt]
    if let negative { lines.append("\(Self.negativeStart) \(negative)") }
    lines.append(
      fields.map { "\($0.key): \($0.isQuotable ? Self.quoted($0.value) : $0.value)" }.joined(
        separator: ", "))
    return lines.joined(separator: "\n")
  }

  /// Reads a text as A1111 does; nil where it has no line of fields.
  public init?(parsing text: String) {
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

  /// A value that holds what separates fields, as a JSON text.
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
      // Not as A1111 quotes: taken as it is, as there.
      return value
    }
  }

  /// `key: value` between commas; a value in double quotes may hold any character.
  private static func fields(of line: String) -> [Field] {
    var pieces = [""]
    var isQuoted = false
    var isEscaped = false
    for character in line {
      if character == "," && !isQuoted {
        pieces.append("")
        continue
      }
      // A quotation begins only where the value does.
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
