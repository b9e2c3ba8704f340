/// The tokenizers of SDXL, all applied to every text: two for a base, the second one for a refiner.
public struct PromptTokenizer: Sendable {
  /// A text as input of all text encoders.
  public struct Encoding: Sendable, Equatable {
    /// `[encoder][chunk][77]`, with the same number of chunks for every encoder.
    public let chunks: [[[Int]]]
    /// Tokens of the whole text, in the tokenizer that gives more of them.
    public let tokenCount: Int
    /// The text that was cut in that tokenizer; nil if all fits.
    public let truncatedText: String?
  }

  private(set) var tokenizers: [CLIPTokenizer]

  /// The tokenizers of the first and the second text encoder.
  public init(_ first: CLIPTokenizer, _ second: CLIPTokenizer) {
    tokenizers = [first, second]
  }

  /// The tokenizer of a refiner, which has no first text encoder.
  public init(_ second: CLIPTokenizer) { tokenizers = [second] }

  /// The same tokenizers with words that have ids of their own, in place of the words so far. Throws
  /// `TextualInversionError` for a word that is no new one.
  ///
  /// - Parameters:
  ///   - counts: the number of ids of each word in each tokenizer, `[encoder][word]`.
  ///   - vocabularies: the size of each encoder's vocabulary, after which the ids begin.
  func adding(
    _ words: [String], counts: [[Int]], after vocabularies: [Int]
  ) throws(TextualInversionError) -> PromptTokenizer {
    var tokenizer = self
    tokenizer.tokenizers = tokenizers.map { $0.adding([]) }
    for (index, word) in words.enumerated() {
      try tokenizer.check(word)
      if words[..<index].contains(where: { $0.lowercased() == word.lowercased() }) {
        throw .twice(word: word)
      }
    }
    for (encoder, vocabulary) in vocabularies.enumerated() {
      var next = vocabulary
      let added = zip(words, counts[encoder]).map { word, count in
        defer { next += count }
        return AddedWord(word, ids: next..<next + count)
      }
      tokenizer.tokenizers[encoder] = tokenizer.tokenizers[encoder].adding(
        added.filter { !$0.ids.isEmpty })
    }
    return tokenizer
  }

  /// Throws `TextualInversionError` for a word that an embedding cannot have: one without letters, or one
  /// that is a single token, whose meaning prompts would lose.
  public func check(_ word: String) throws(TextualInversionError) {
    let counts = tokenizers.map { $0.tokens(of: word).count }
    if counts.contains(0) { throw .noWord(word) }
    if counts.contains(1) { throw .knownWord(word) }
  }

  /// The text in one chunk; see ``CLIPTokenizer/encode(_:)``.
  public func encode(_ text: String) -> Encoding {
    encoding(tokenizers.map { $0.encode(text) })
  }

  /// The text's first `maxTokens` tokens in chunks; see ``CLIPTokenizer/encode(_:maxTokens:)``.
  ///
  /// The tokenizers may give different numbers of tokens for a text (`!!!` is one and three). If
  /// one encoder then has fewer chunks, it gets empty ones.
  public func encode(_ text: String, maxTokens: Int) -> Encoding {
    encoding(tokenizers.map { $0.encode(text, maxTokens: maxTokens) })
  }

  /// One encoding of the tokenizers' parts, with empty chunks where a tokenizer has fewer.
  func encoding(_ parts: [CLIPTokenizer.Encoding]) -> Encoding {
    let count = parts.map(\.chunks.count).max() ?? 1
    let most = parts.map(\.tokenCount).max() ?? 0
    let longest = parts.first { $0.tokenCount == most }
    return Encoding(
      chunks: zip(tokenizers, parts).map { tokenizer, part in
        part.chunks
          + repeatElement(tokenizer.chunk([]), count: count - part.chunks.count)
      }, tokenCount: most, truncatedText: longest?.truncatedText)
  }
}
