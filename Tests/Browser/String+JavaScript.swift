import Foundation

extension String {
  /// A literal of the page's code.
  var javascript: String {
    String(decoding: (try? JSONEncoder().encode(self)) ?? Data(), as: UTF8.self)
  }
}
