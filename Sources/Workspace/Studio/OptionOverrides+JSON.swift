import Files
import Foundation
package import Options
package import RunLog

extension OptionOverrides {
  /// The options in the fields of a JSON object. `null` leaves an option unset. Throws `StudioError` for an
  /// unknown field and for a value that is no text, number or list of these.
  ///
  /// - Parameters:
  ///   - own: fields that are no options.
  ///   - refused: options that may not be set.
  package init(
    _ fields: [String: JSONValue], besides own: Set<String>, refusing refused: Set<String>
  ) throws(StudioError) {
    self.init()
    for (key, value) in fields where value != .null && !own.contains(key) {
      guard let option = Table.schema.option(key), !refused.contains(option.key) else {
        let known = Table.schema.options.map(\.key).filter { !refused.contains($0) }
        throw .unknownField(key, nearest: nearestName(to: key, in: known + own.sorted()))
      }
      if option.kind.isList {
        set(key: option.key, toList: try value.orderTexts(of: key))
      } else {
        set(key: option.key, to: try value.orderText(of: key))
      }
    }
  }
}

extension JSONValue {
  /// The value as an option's text. Throws `StudioError.otherType`,
  /// `StudioError.tooLong`.
  func orderText(of key: String) throws(StudioError) -> String {
    switch self {
    case .bool(let value): return value.description
    case .integer(let value): return value.description
    case .unsigned(let value): return value.description
    case .number(let value): return value.description
    case .string(let value):
      guard value.utf8.count <= Self.longestText else {
        throw .tooLong(key, limit: Self.longestText)
      }
      return value
    case .null, .array, .object: throw .otherType(key, allowed: "a text, a number, true or false")
    }
  }

  /// The longest text of an option, in bytes. Text encoders read a few hundred words at most.
  private static let longestText = 16 << 10

  /// The values of a list, or a single one. Throws `StudioError.otherType`.
  func orderTexts(of key: String) throws(StudioError) -> [String] {
    guard case .array(let values) = self else { return [try orderText(of: key)] }
    var texts: [String] = []
    for value in values { texts.append(try value.orderText(of: key)) }
    return texts
  }
}

extension [String: JSONValue] {
  /// The fields of a recorded order. Throws `StudioError.notJSON`.
  init(json: String) throws(StudioError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
    } catch {
      throw .notJSON
    }
  }

  /// The fields as one line of JSON.
  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
