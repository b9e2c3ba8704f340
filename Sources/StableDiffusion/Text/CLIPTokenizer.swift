public import Foundation

/// CLIP's byte-level BPE tokenizer, token for token what `CLIPTokenizer` of transformers 5 makes.
///
/// Text is composed (NFC), lower-cased and cut into words; each word's bytes are merged by rank.
/// HTML entities stay as they are, because transformers does not decode them. Added tokens written
/// in the text (`<|endoftext|>`, and `!` where that is the padding token, as in SDXL's second
/// tokenizer) become their own ids, so SDXL's two tokenizers differ in more than their padding.
///
/// Source: transformers' `CLIPTokenizer`; Sennrich et al. 2016, section 3.2, for BPE.
public struct CLIPTokenizer: Sendable {
  /// A text as the text encoder takes it.
  public struct Encoding: Sendable, Equatable {
    /// `[modelMaxLength]`: BOS, the text's tokens as far as they fit, EOS, padding.
    public let ids: [Int]
    /// Tokens of the whole text, BOS and EOS not counted; the first `modelMaxLength - 2` are kept.
    public let tokenCount: Int
    /// What was cut off, as its tokens read (lower case); nil when everything fitted.
    public let truncatedText: String?
  }

  /// Length of every encoding, BOS and EOS included (77 for CLIP).
  public let modelMaxLength: Int
  /// Id of the token before a text.
  public let bosID: Int
  /// Id of the token after a text.
  public let eosID: Int
  /// Id of the token that fills an encoding up: EOS in SDXL's first tokenizer, `!` in its second.
  public let padID: Int

  private let rawTokens: AddedTokenSplitter
  private let normalizedTokens: AddedTokenSplitter
  private let bpe: BytePairEncoding

  /// Reads a diffusers `tokenizer` folder: `tokenizer.json` when there, else `vocab.json` and
  /// `merges.txt`; special tokens and length from the configuration files beside them.
  ///
  /// Throws `ModelError`, which names the file and what is wrong with it.
  public init(directory: URL) throws(ModelError) {
    let folder = try TokenizerFolder(directory: directory)
    modelMaxLength = folder.modelMaxLength
    bosID = folder.bosID
    eosID = folder.eosID
    padID = folder.padID
    rawTokens = AddedTokenSplitter(folder.addedTokens.filter { !$0.isNormalized })
    normalizedTokens = AddedTokenSplitter(folder.addedTokens.filter(\.isNormalized))
    bpe = try BytePairEncoding(folder.model, unknownID: folder.unknownID)
  }

  /// The text's tokens, without BOS, EOS, padding and truncation.
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

  /// BOS, tokens, EOS and padding, `modelMaxLength` in all; what does not fit is cut and reported.
  public func encode(_ text: String) -> Encoding {
    let tokens = tokens(of: text)
    let kept = tokens.prefix(modelMaxLength - 2)
    let padding = repeatElement(padID, count: modelMaxLength - 2 - kept.count)
    return Encoding(
      ids: [bosID] + kept + [eosID] + padding,
      tokenCount: tokens.count,
      truncatedText: kept.count < tokens.count ? bpe.text(of: tokens[kept.endIndex...]) : nil)
  }

  private func append(_ normalized: ArraySlice<Unicode.Scalar>, to ids: inout [Int]) {
    for piece in normalizedTokens.split(normalized) {
      switch piece {
      case .token(let id): ids.append(id)
      case .text(let text):
        for word in WordScanner.words(in: text) { bpe.append(word, to: &ids) }
      }
    }
  }
}
