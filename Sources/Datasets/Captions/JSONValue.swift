import Foundation

/// Values of JSON whose form is not known.
enum JSONValue {
  /// The value of a text: a dictionary, a list, a string, a number or `NSNull`; nil: it is not JSON.
  static func parsed(_ data: Data) -> Any? {
    do {
      return try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    } catch {
      return nil
    }
  }
}
