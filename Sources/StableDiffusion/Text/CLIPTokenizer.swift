public import Foundation

/// CLIP's byte-level BPE tokenizer, with the same tokens as `CLIPTokenizer` of transformers 5.
///
/// Text is composed (NFC), lower-cased and cut into words; each word's bytes are merged by rank.
/// HTML entities stay as they are, because transformers does not decode them. Added tokens in the
/// text (`<|endoftext|>`, and `!` if it is the padding token, as in SDXL's second tokenizer) become
/// their own ids, so SDXL's two tokenizers differ in more than their padding.
///
/// Source: transformers' `CLIPTokenizer`; Sennrich et al. 2016, section 3.2, for BPE.
public struct CLIPTokenizer: Sendable {
  /// A text as input of a text encoder.
  public struct Encoding: Sendable, Equatable {
    /// The text's tokens up to the limit, in as many chunks as they need, at least one. Each is
    /// `[modelMaxLength]`: BOS, up to `chunkLength` tokens, EOS, padding.
    public let chunks: [[Int]]
    /// Tokens of the whole text, BOS and EOS not counted.
    public let tokenCount: Int
    /// The text of the tokens that were cut, in lower case; nil if all fit.
    public let truncatedText: String?
  }

  /// Length of every chunk, BOS and EOS included (77 for CLIP).
  public let modelMaxLength: Int
  /// Id of the token before a text.
  public let bosID: Int
  /// Id of the token after a text.
  public let eosID: Int
  /// Id of the padding token: EOS in SDXL's first tokenizer, `!` in its second.
  public let padID: Int

  private let rawTokens: AddedTokenSplitter
  private let normalizedTokens: AddedTokenSplitter
  private let bpe: BytePairEncoding
  private var addedWords = AddedWordSplitter([])

  /// The number of a text's tokens that fit into a chunk (75 for CLIP).
  public var chunkLength: Int { modelMaxLength - 2 }

  /// Reads a diffusers `tokenizer` folder: `tokenizer.json` if it exists, else `vocab.json` and
  /// `merges.txt`; special tokens and length from the configuration files beside them.
  ///
  /// Throws `ModelError` with the file and the problem.
  public init(directory: URL) throws(ModelError) {
    try self.init(TokenizerFolder(directory: directory))
  }

  /// A tokenizer without files: CLIP's own vocabulary, as in SDXL's two tokenizers.
  ///
  /// - Parameter padding: `<|endoftext|>` for the first, `!` for the second.
  init(builtInPaddingWith padding: String) throws(ModelError) {
    try self.init(TokenizerFolder(builtInPaddingWith: padding))
  }

  private init(_ folder: TokenizerFolder) throws(ModelError) {
    modelMaxLength = folder.modelMaxLength
    bosID = folder.bosID
    eosID = folder.eosID
    padID = folder.padID
    rawTokens = AddedTokenSplitter(folder.addedTokens.filter { !$0.isNormalized })
    normalizedTokens = AddedTokenSplitter(folder.addedTokens.filter(\.isNormalized))
    bpe = try BytePairEncoding(folder.model, unknownID: folder.unknownID)
  }

  /// All tokens of the text, without BOS, EOS and padding.
  public func tokens(of text: String) -> [Int] {
    var ids: [Int] = []
    for piece in rawTokens.split(Array(text.unicodeScalars)[...]) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let raw): append(TextNormalizer.normalize(raw)[...], to: &ids)
      }
    }
    return ids
  }

  /// The text in one chunk. Tokens that do not fit are cut and reported.
  public func encode(_ text: String) -> Encoding { encode(text, maxTokens: chunkLength) }

  /// The text's first `maxTokens` tokens in chunks. The rest is cut and reported.
  ///
  /// Every chunk but the last has `chunkLength` tokens, as in kohya's sd-scripts. ComfyUI begins a
  /// new chunk before a word of up to 7 tokens that would be split; A1111 begins one after a comma
  /// among the last 20 tokens.
  public func encode(_ text: String, maxTokens: Int) -> Encoding {
    encode(tokens(of: text), maxTokens: maxTokens)
  }

  /// As ``encode(_:maxTokens:)``, for a text that is already tokenized.
  func encode(_ tokens: [Int], maxTokens: Int) -> Encoding {
    let kept = tokens.prefix(max(maxTokens, 0))
    let starts = stride(from: 0, to: max(kept.count, 1), by: chunkLength)
    return Encoding(
      chunks: starts.map { chunk(kept.dropFirst($0).prefix(chunkLength)) },
      tokenCount: tokens.count,
      truncatedText: kept.count < tokens.count ? text(of: tokens[kept.endIndex...]) : nil)
  }

  /// One chunk: BOS, the tokens, EOS, padding.
  func chunk(_ tokens: ArraySlice<Int>) -> [Int] {
    [bosID] + tokens + [eosID] + repeatElement(padID, count: chunkLength - tokens.count)
  }

  /// The same tokenizer with words that have ids above those of the vocabulary.
  func adding(_ words: [AddedWord]) -> CLIPTokenizer {
    var tokenizer = self
    tokenizer.addedWords = AddedWordSplitter(words)
    return tokenizer
  }

  private func append(_ normalized: ArraySlice<Unicode.Scalar>, to ids: inout [Int]) {
    for piece in normalizedTokens.split(normalized) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let text):
        var found: [Int] = []
        addedWords.split(
          text,
          text: { part in
            for word in WordScanner.words(in: part) { bpe.append(word, to: &found) }
          }, word: { found += $0 })
        ids += found
      }
    }
  }

  /// The text of tokens, in which each vector of an added word is that word.
  private func text(of ids: ArraySlice<Int>) -> String {
    guard let place = ids.firstIndex(where: { addedText(of: $0) != nil }) else {
      return bpe.text(of: ids)
    }
    let parts = [
      bpe.text(of: ids[..<place]), addedText(of: ids[place]) ?? "", text(of: ids[(place + 1)...]),
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  private func addedText(of id: Int) -> String? {
    addedWords.words.first { $0.ids.contains(id) }?.word
  }
}
