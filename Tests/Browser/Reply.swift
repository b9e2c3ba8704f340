import Foundation

/// The reply to a command.
struct Reply<Result: Decodable>: Decodable {
  private let result: Result?
  private let error: Failure?

  private struct Failure: Decodable {
    let message: String
    let data: String?
  }

  /// The result in a message.
  ///
  /// - Throws: `BrowserError.command`, `DecodingError`.
  static func result(of message: Data, _ method: String) throws -> Result {
    let reply = try JSONDecoder().decode(Self.self, from: message)
    if let result = reply.result { return result }
    let text = [reply.error?.message, reply.error?.data].compactMap(\.self).joined(separator: ", ")
    throw BrowserError.command(method: method, message: text.trimmingCharacters(in: ["."]))
  }
}
