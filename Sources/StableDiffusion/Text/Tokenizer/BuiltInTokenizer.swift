import CLIPVocabulary

extension TokenizerFolder {
  private static let begin = "<|startoftext|>"
  private static let end = "<|endoftext|>"

  /// What the folders of SDXL's published tokenizers say, without a folder.
  init(builtInPaddingWith padding: String) throws(ModelError) {
    model = try Model.builtIn()
    let vocabulary = model.vocabulary
    // As the published configurations list them: the begin and the end are looked for in normalized
    // text unless they are the padding, which is given as a bare name.
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
  /// CLIP's vocabulary: the letters of the 256 bytes, the same at a word's end, what the merges make
  /// of them in their order, and the two special tokens (open_clip's `SimpleTokenizer`).
  fileprivate static func builtIn() throws(ModelError) -> Self {
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
