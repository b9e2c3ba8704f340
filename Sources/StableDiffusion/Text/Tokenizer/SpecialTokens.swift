import NN

/// A token as the configuration files list it: its name alone, or an object.
struct TokenEntry: Decodable {
  let content: String
  /// Where the file says it; a token of the vocabulary has the id that the vocabulary says.
  let id: Int?
  /// Whether it is looked for in normalized text, so in capitals too, or in the text as written.
  let isNormalized: Bool

  init(content: String, id: Int? = nil, isNormalized: Bool = false) {
    self.content = content
    self.id = id
    self.isNormalized = isNormalized
  }

  private enum CodingKeys: String, CodingKey {
    case content, id, normalized, special, lstrip, rstrip, singleWord
  }

  init(from decoder: any Decoder) throws {
    do {
      self.init(content: try decoder.singleValueContainer().decode(String.self))
    } catch DecodingError.typeMismatch {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      for key in [CodingKeys.lstrip, .rstrip, .singleWord] { try container.require(key, false) }
      let isSpecial = try container.decodeIfPresent(Bool.self, forKey: .special) ?? true
      self.init(
        content: try container.decode(String.self, forKey: .content),
        id: try container.decodeIfPresent(Int.self, forKey: .id),
        isNormalized: try container.decodeIfPresent(Bool.self, forKey: .normalized) ?? !isSpecial)
    }
  }
}

/// The tokens that `tokenizer_config.json` and `special_tokens_map.json` give a role.
struct SpecialTokens: Decodable {
  /// In the order of transformers: where two roles describe one token, the later one's is valid.
  enum Role: String, CaseIterable, CodingKey {
    case bosToken, eosToken, unkToken, sepToken, padToken, clsToken, maskToken
  }

  /// What transformers' `CLIPTokenizer` takes where no file says otherwise.
  static let clip = SpecialTokens(entries: [
    .bosToken: TokenEntry(content: "<|startoftext|>"),
    .eosToken: TokenEntry(content: "<|endoftext|>"),
    .unkToken: TokenEntry(content: "<|endoftext|>"),
    .padToken: TokenEntry(content: "<|endoftext|>"),
  ])

  private var entries: [Role: TokenEntry]

  /// The tokens, each once for every role it has, in the order of the roles.
  var inOrder: [TokenEntry] {
    Role.allCases.compactMap { entries[$0] }
  }

  private init(entries: [Role: TokenEntry]) {
    self.entries = entries
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Role.self)
    entries = [:]
    for role in Role.allCases {
      entries[role] = try container.decodeIfPresent(TokenEntry.self, forKey: role)
    }
  }

  subscript(role: Role) -> TokenEntry? {
    entries[role]
  }

  /// These tokens, with those of `other` for the roles that it fills.
  func overridden(by other: SpecialTokens?) -> SpecialTokens {
    SpecialTokens(entries: entries.merging(other?.entries ?? [:]) { $1 })
  }
}
