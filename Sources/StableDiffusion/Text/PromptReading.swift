/// How a prompt is tokenized. The defaults give the same bits as diffusers.
public struct PromptReading: Sendable, Equatable {
  /// Whether a prompt of more than 75 tokens is encoded in several chunks, as in
  /// `PromptEncoder.encode(_:maxTokens:)`, instead of being cut.
  public var isLong: Bool
  /// Whether `(words:1.2)` gives words a weight; see ``WeightedText``.
  public var isWeighted: Bool

  /// Without arguments, the reading of diffusers.
  public init(isLong: Bool = false, isWeighted: Bool = false) {
    self.isLong = isLong
    self.isWeighted = isWeighted
  }
}

extension PromptTokenizer {
  /// The number of a text's tokens that fit into a chunk (75 for CLIP).
  public var chunkLength: Int { tokenizers[0].chunkLength }

  /// A prompt's tokens and their weights, both `[encoder][chunk][77]`.
  ///
  /// Pieces of different weights are tokenized separately, as in A1111.
  public func encode(
    _ prompt: String, as reading: PromptReading
  ) -> (encoding: Encoding, weights: [[[Float]]]) {
    let pieces =
      reading.isWeighted
      ? WeightedText.pieces(of: prompt) : [WeightedText(text: prompt, weight: 1)]
    let maxTokens = reading.isLong ? Int.max : chunkLength
    let tokens = tokenizers.map { tokenizer in
      pieces.flatMap { piece in
        tokenizer.tokens(of: piece.text).map { (id: $0, weight: Float(piece.weight)) }
      }
    }
    let encoding = encoding(
      zip(tokenizers, tokens).map { $0.encode($1.map(\.id), maxTokens: maxTokens) })
    let weights = zip(tokenizers, tokens).map { tokenizer, tokens in
      encoding.chunks[0].indices.map { chunk in
        let own = tokens.prefix(maxTokens).dropFirst(chunk * tokenizer.chunkLength)
          .prefix(tokenizer.chunkLength).map(\.weight)
        return [1] + own + repeatElement(1, count: tokenizer.modelMaxLength - 1 - own.count)
      }
    }
    return (encoding, weights)
  }
}
