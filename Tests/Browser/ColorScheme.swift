/// The value that a page reads from `prefers-color-scheme`.
package enum ColorScheme: String, Sendable {
  /// Dark text on a light ground.
  case light
  /// Light text on a dark ground.
  case dark
}
