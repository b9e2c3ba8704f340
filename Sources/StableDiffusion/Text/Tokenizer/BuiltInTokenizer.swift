import CLIPVocabulary

extension TokenizerFolder {
  private static let begin = "<|startoftext|>"
  private static let end = "<|endoftext|>"

  /// The contents of SDXL's published tokenizer folders, without a folder.
  init(builtInPaddingWith padding: String) throws(ModelError) {
    model = try Model.builtIn()
    let vocabulary = model.vocabulary
    // As in the published configurations: the begin and the end token are matched in normalized
    // text, and the padding token, which has a bare name there, in the text as written.
    let entries = [Self.begin, Self.end, padding].map { content in
      AddedToken(
        content: content, id: vocabulary[content, default: 0], isNormalized: content != padding)
    }
    addedTokens = padding == Self.end ? Array(entries.prefix(2)) : entries
    modelMaxLength = 77
    bosID = entries[0].id
    eosID = entries[1].id
    padID = entries[2].id
    unknownID = eosID
  }
}

extension TokenizerFolder.Model {
  /// CLIP's vocabulary: the letters of the 256 bytes, the same at a word's end, the results of the
  /// merges in their order, and the two special tokens (open_clip's `SimpleTokenizer`).
  static func builtIn() throws(ModelError) -> Self {
    let path = "CLIP's built-in vocabulary"
    let bytes = UnsafeBufferPointer(start: clip_merges(), count: clip_merges_size())
    let merges = try merges(of: String(decoding: bytes, as: UTF8.self), from: path)
    let letters = ByteAlphabet.letters.sorted().map { String($0) }
    let tokens =
      letters + letters.map { $0 + "</w>" } + merges.map { $0.left + $0.right }
      + ["<|startoftext|>", "<|endoftext|>"]
    return Self(
      mergesPath: path,
      vocabulary: Dictionary(
        zip(tokens, tokens.indices).map { ($0, $1) }, uniquingKeysWith: { first, _ in first }),
      merges: merges, addedTokens: [])
  }

  private init(
    mergesPath: String, vocabulary: [String: Int], merges: [TokenizerFolder.MergeRule],
    addedTokens: [TokenEntry]
  ) {
    self.mergesPath = mergesPath
    self.vocabulary = vocabulary
    self.merges = merges
    self.addedTokens = addedTokens
  }
}
