import Foundation

/// Any JSON value, so that a recorded configuration is nested in other JSON as JSON, not as text.
public enum JSONValue: Codable, Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A whole number above `Int64.max`.
  case unsigned(UInt64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Decodes any JSON value.
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

  /// Encodes the value as the JSON that it was decoded from.
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

  /// The recorded configuration of `run`, which must be a JSON object. `file` is the database, for
  /// the error.
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
  /// The value if it has that type, else nil. Any error means another type: Foundation throws no
  /// `DecodingError` for a fraction read as an integer.
  fileprivate func decodeIfOf<Value: Decodable>(_ type: Value.Type) -> Value? {
    do {
      return try decode(type)
    } catch {
      return nil
    }
  }
}
