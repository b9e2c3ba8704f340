import Foundation

/// Any JSON, so that a recorded configuration appears as itself inside other JSON.
public enum JSONValue: Codable, Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A whole number above those of `integer`.
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Reads whatever JSON comes next.
  public init(from decoder: any Decoder) throws {
    let json = try decoder.singleValueContainer()
    if json.decodeNil() {
      self = .null
    } else if let value = json.decodeIfOf(Bool.self) {
      self = .bool(value)
    } else if let value = json.decodeIfOf(Int64.self) {
      self = .integer(value)
    } else if let value = json.decodeIfOf(UInt64.self) {
      self = .unsigned(value)
    } else if let value = json.decodeIfOf(Double.self) {
      self = .number(value)
    } else if let value = json.decodeIfOf(String.self) {
      self = .string(value)
    } else if let value = json.decodeIfOf([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try json.decode([String: JSONValue].self))
    }
  }

  /// Writes the same JSON.
  public func encode(to encoder: any Encoder) throws {
    var json = encoder.singleValueContainer()
    switch self {
    case .null: try json.encodeNil()
    case .bool(let value): try json.encode(value)
    case .integer(let value): try json.encode(value)
    case .unsigned(let value): try json.encode(value)
    case .number(let value): try json.encode(value)
    case .string(let value): try json.encode(value)
    case .array(let value): try json.encode(value)
    case .object(let value): try json.encode(value)
    }
  }

  /// The configuration of a run that the database `file` holds.
  static func config(of run: Run, file: String) throws(RunLogError) -> JSONValue {
    do {
      let object = try JSONDecoder().decode([String: JSONValue].self, from: Data(run.config.utf8))
      return .object(object)
    } catch {
      throw .badConfig(run: run.id, file: file, reason: "found \(run.config.prefix(40))")
    }
  }
}

extension SingleValueDecodingContainer {
  /// The value when it is of that type, else nil. (Foundation throws errors of several kinds when
  /// it is not: no `DecodingError` for a fraction read as an integer.)
  fileprivate func decodeIfOf<Value: Decodable>(_ type: Value.Type) -> Value? {
    do {
      return try decode(type)
    } catch {
      return nil
    }
  }
}
