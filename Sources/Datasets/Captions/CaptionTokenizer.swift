import Files

/// Counts a caption's tokens as the text encoders read them.
public protocol CaptionTokenizer {
  /// Tokens of one chunk, without the start and end tokens.
  var chunkLength: Int { get }

  /// Tokens of a whole text, without the start and end tokens.
  func tokenCount(of text: String) -> Int

  /// The end of a text that does not fit into `maxTokens` tokens; nil: all of it fits.
  func truncatedText(of text: String, maxTokens: Int) -> String?
}

extension DatasetProblem {
  /// The problem that a text has more than `maxTokens` tokens (nil: the tokens of one chunk), and
  /// its end is cut off. nil: all of it is read.
  package static func truncation(
    of what: String, _ text: String, _ files: [String], by tokenizer: any CaptionTokenizer,
    maxTokens: Int? = nil
  ) -> DatasetProblem? {
    let limit = maxTokens ?? tokenizer.chunkLength
    return tokenizer.truncatedText(of: text, maxTokens: limit).map { rest in
      DatasetProblem(
        files, "\(what) is longer than \(limit) tokens, \"\(rest.excerpt())\" is cut off")
    }
  }
}
