import Foundation

/// An event of a page.
struct Event: Sendable {
  /// Its name, such as `Runtime.exceptionThrown`.
  let method: String
  private let message: Data

  /// The event in a message.
  init(method: String, message: Data) {
    self.method = method
    self.message = message
  }

  /// Its parameters, nil if they are others.
  func parameters<Parameters: Decodable>(as type: Parameters.Type) -> Parameters? {
    try? JSONDecoder().decode(Message<Parameters>.self, from: message).params
  }

  private struct Message<Parameters: Decodable>: Decodable { let params: Parameters }
}
