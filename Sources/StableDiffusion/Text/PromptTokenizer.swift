/// The tokenizers of SDXL, which read every text: two for a base, the second one alone for a refiner.
public struct PromptTokenizer: Sendable {
  /// A text as both text encoders take it.
  public struct Encoding: Sendable, Equatable {
    /// `[encoder][chunk][77]`, as many chunks for every encoder.
    public let chunks: [[[Int]]]
    /// Tokens of the whole text, as the tokenizer counts them that makes more of it.
    public let tokenCount: Int
    /// What was cut off, as that tokenizer's tokens read; nil when everything fitted.
    public let truncatedText: String?
  }

  let tokenizers: [CLIPTokenizer]

  /// Of the first and the second text encoder.
  public init(_ first: CLIPTokenizer, _ second: CLIPTokenizer) {
    tokenizers = [first, second]
  }

  /// Of a refiner, which has no first text encoder.
  public init(_ second: CLIPTokenizer) { tokenizers = [second] }

  /// The text in one chunk; see ``CLIPTokenizer/encode(_:)``.
  public func encode(_ text: String) -> Encoding {
    encoding(tokenizers.map { $0.encode(text) })
  }

  /// The text's first `maxTokens` tokens in chunks; see ``CLIPTokenizer/encode(_:maxTokens:)``.
  ///
  /// The tokenizers may make different numbers of tokens of one text (`!!!` is one and three), and
  /// where that makes more chunks for one encoder, the other gets empty chunks.
  public func encode(_ text: String, maxTokens: Int) -> Encoding {
    encoding(tokenizers.map { $0.encode(text, maxTokens: maxTokens) })
  }

  /// The chunks of each tokenizer's part, those that one lacks filled up.
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
