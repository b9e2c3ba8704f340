import NN

/// A token in the configuration files: its name, or an object.
struct TokenEntry: Decodable {
  let content: String
  /// The id in the file, if it has one. The vocabulary's id takes precedence.
  let id: Int?
  /// Whether it is matched in normalized text, and so in capitals too, or in the text as written.
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

/// The tokens with a role in `tokenizer_config.json` and `special_tokens_map.json`.
struct SpecialTokens: Decodable {
  /// In the order of transformers: of two roles for one token, the later entry counts.
  enum Role: String, CaseIterable, CodingKey {
    case bosToken, eosToken, unkToken, sepToken, padToken, clsToken, maskToken
  }

  /// The defaults of transformers' `CLIPTokenizer`.
  static let clip = SpecialTokens(entries: [
    .bosToken: TokenEntry(content: "<|startoftext|>"),
    .eosToken: TokenEntry(content: "<|endoftext|>"),
    .unkToken: TokenEntry(content: "<|endoftext|>"),
    .padToken: TokenEntry(content: "<|endoftext|>"),
  ])

  private var entries: [Role: TokenEntry]

  /// The tokens in the order of their roles, one entry for each role.
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

  /// These tokens, replaced by those of `other` for the roles that it has.
  func overridden(by other: SpecialTokens?) -> SpecialTokens {
    SpecialTokens(entries: entries.merging(other?.entries ?? [:]) { $1 })
  }
}
