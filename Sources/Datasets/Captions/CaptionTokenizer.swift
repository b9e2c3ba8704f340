/// Counts a caption's tokens as the text encoders read them.
public protocol CaptionTokenizer {
  /// Tokens of one chunk, without the start and end tokens.
  var chunkLength: Int { get }

  /// Tokens of a whole text, without the start and end tokens.
  func tokenCount(of text: String) -> Int

  /// The end of a text, which does not fit into `maxTokens` tokens; nil where all of it fits.
  func truncatedText(of text: String, maxTokens: Int) -> String?
}
