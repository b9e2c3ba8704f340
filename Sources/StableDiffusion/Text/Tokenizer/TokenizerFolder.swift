import Foundation

/// The contents of a tokenizer folder, combined as in transformers' `from_pretrained`.
struct TokenizerFolder {
  /// A token that is matched in a text before the text is cut into words.
  struct AddedToken {
    let content: String
    let id: Int
    let isNormalized: Bool
  }

  let model: Model
  let addedTokens: [AddedToken]
  let modelMaxLength: Int
  let bosID: Int
  let eosID: Int
  let padID: Int
  let unknownID: Int

  init(directory: URL) throws(ModelError) {
    let model = try Model(directory: directory)
    let configurationFile = directory.appending(path: "tokenizer_config.json")
    let configuration: Configuration? = try Self.decodeIfPresent(configurationFile)
    let (special, entries) = try Self.tokens(
      directory: directory, model: model, listed: configuration?.addedTokensDecoder,
      configured: try Self.decodeIfPresent(configurationFile))

    var added: [String: AddedToken] = [:]
    for entry in entries where !entry.content.isEmpty {
      guard let id = model.vocabulary[entry.content] ?? entry.id else {
        throw Self.noID(entry.content, in: directory)
      }
      added[entry.content] = AddedToken(
        content: entry.content, id: id, isNormalized: entry.isNormalized)
    }
    func id(_ role: SpecialTokens.Role) throws(ModelError) -> Int {
      let content = special[role]?.content ?? ""
      guard let token = added[content] else { throw Self.noID(content, in: directory) }
      return token.id
    }
    bosID = try id(.bosToken)
    eosID = try id(.eosToken)
    padID = try id(.padToken)
    unknownID = try id(.unkToken)
    modelMaxLength = try Self.length(configuration?.modelMaxLength, from: configurationFile)
    addedTokens = Array(added.values)
    self.model = model
  }

  /// The special tokens by role, and the entries of all added tokens. Of two entries with the same
  /// content the later one counts.
  ///
  /// `added_tokens_decoder` in the configuration replaces the older files, and its entries take
  /// precedence over those of the roles.
  private static func tokens(
    directory: URL, model: Model, listed: [String: TokenEntry]?, configured: SpecialTokens?
  ) throws(ModelError) -> (special: SpecialTokens, entries: [TokenEntry]) {
    var special = SpecialTokens.clip.overridden(by: configured)
    var entries: [TokenEntry] = []
    if let listed {
      entries = listed.map { id, entry in
        TokenEntry(content: entry.content, id: Int(id), isNormalized: entry.isNormalized)
      }
    } else {
      let map = directory.appending(path: "special_tokens_map.json")
      special = special.overridden(by: try decodeIfPresent(map))
      let named = Set(special.inOrder.map(\.content))
      let older: [String: Int]? = try decodeIfPresent(
        directory.appending(path: "added_tokens.json"))
      entries = (older ?? [:]).map { content, id in
        TokenEntry(content: content, id: id, isNormalized: !named.contains(content))
      }
      entries += model.addedTokens
    }
    let known = Set(entries.map(\.content))
    return (special, entries + special.inOrder.filter { !known.contains($0.content) })
  }

  /// The length of a chunk: CLIP's 77 if the file gives none, or transformers' huge number for
  /// "unlimited".
  private static func length(_ given: Double?, from file: URL) throws(ModelError) -> Int {
    guard let given, given < 1e6 else { return 77 }
    guard given >= 3, let length = Int(exactly: given) else {
      throw .invalid(
        path: file.relativePath, problem: "model_max_length is \(given)",
        advice: "give a whole number with room for BOS, EOS and a token: 77 for SDXL")
    }
    return length
  }

  private static func noID(_ content: String, in directory: URL) -> ModelError {
    .invalid(
      path: directory.relativePath, problem: "the vocabulary has no special token “\(content)”",
      advice: "take all files of the tokenizer from one model")
  }

  private static func decodeIfPresent<Contents: Decodable>(
    _ file: URL
  ) throws(ModelError) -> Contents? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try ConfigurationFile.decode(from: file)
  }
}

private struct Configuration: Decodable {
  let modelMaxLength: Double?
  /// By id, written as a string.
  let addedTokensDecoder: [String: TokenEntry]?
}
