/// A value of the page's code, as the console shows it.
struct RemoteObject: Decodable {
  private let value: JSON?
  private let description: String?
  private let unserializableValue: String?

  /// Its text.
  var text: String {
    if case .string(let text) = value { return text }
    return description ?? unserializableValue ?? value.map { "\($0)" } ?? "undefined"
  }
}
