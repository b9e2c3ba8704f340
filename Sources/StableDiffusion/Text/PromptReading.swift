/// How a prompt is read. As it comes, it is read as diffusers reads it, to the bit.
public struct PromptReading: Sendable, Equatable {
  /// Whether a prompt of more than 75 tokens is read in as many chunks as it needs, as
  /// `PromptEncoder.encode(_:maxTokens:)` does, instead of being cut.
  public var isLong: Bool
  /// Whether `(words:1.2)` gives words a weight, as ``WeightedText`` reads it.
  public var isWeighted: Bool

  /// As diffusers reads, unless something is said.
  public init(isLong: Bool = false, isWeighted: Bool = false) {
    self.isLong = isLong
    self.isWeighted = isWeighted
  }
}

extension PromptTokenizer {
  /// Tokens of a text that fit into a chunk (75 for CLIP).
  public var chunkLength: Int { tokenizers[0].chunkLength }

  /// A prompt's tokens, and how much each counts: `[encoder][chunk][77]`, as the tokens.
  ///
  /// Pieces of different weights are tokenized each by itself, as A1111 does.
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
