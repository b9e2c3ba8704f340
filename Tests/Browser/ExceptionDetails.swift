/// An exception of the page's code.
struct ExceptionDetails: Decodable {
  private let text: String
  private let exception: RemoteObject?

  /// What was thrown, with the place where it came from.
  var summary: String { exception?.text ?? text }
}
