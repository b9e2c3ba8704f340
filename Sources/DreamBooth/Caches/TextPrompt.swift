/// A text that is encoded.
enum TextPrompt: Hashable, CustomStringConvertible {
  /// What guidance leads to: one chunk of 75 tokens.
  case positive(String)
  /// What guidance leads away from; nil: nothing was asked for, and the model decides what that means.
  case negative(String?)
  /// What an image shows, in chunks of 75 tokens.
  case caption(String, maxTokens: Int)

  var description: String {
    switch self {
    case .positive(let text): "positive \(text)"
    case .negative(let text): text.map { "negative \($0)" } ?? "no negative"
    case .caption(let text, let maxTokens): "caption of \(maxTokens) tokens \(text)"
    }
  }
}
