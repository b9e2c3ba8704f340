import Foundation
import Hummingbird
import NIOCore
import Options
import RunLog
import Workspace

extension Request {
  /// The longest JSON of a request, in bytes.
  private static let longestJSON = 1 << 20

  /// The fields of the request's JSON object. Throws `RequestError`.
  func fields() async throws -> [String: JSONValue] {
    try await decoded([String: JSONValue].self)
  }

  /// The same, if it has no fields but these. Throws `StudioError.unknownField`, `RequestError`.
  func fields(_ known: String...) async throws -> [String: JSONValue] {
    let fields = try await fields()
    for key in fields.keys.sorted() where !known.contains(key) {
      throw StudioError.unknownField(key, nearest: nearestName(to: key, in: known))
    }
    return fields
  }

  /// The value of the request's JSON. Throws `RequestError`.
  func decoded<Value: Decodable>(_ type: Value.Type) async throws -> Value {
    let data = try await wholeBody(limit: Self.longestJSON)
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch is DecodingError {
      throw RequestError.notJSON
    }
  }

  /// The whole body. Throws `RequestError.tooLarge`, `RequestError.cutOff`.
  func wholeBody(limit: Int) async throws -> Data {
    do {
      return Data(try await body.collect(upTo: limit).readableBytesView)
    } catch is NIOTooManyBytesError {
      throw RequestError.tooLarge(limit: limit)
    } catch {
      throw RequestError.cutOff
    }
  }
}
