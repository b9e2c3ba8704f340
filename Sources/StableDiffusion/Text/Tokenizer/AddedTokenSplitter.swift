/// Splits a text at its added tokens. Of several that match at one place it takes the longest.
struct AddedTokenSplitter: Sendable {
  enum Piece {
    case token(Int)
    case text(ArraySlice<Unicode.Scalar>)
  }

  private let tokens: [(name: [Unicode.Scalar], id: Int)]

  /// A normalized token is matched in normalized text, so its own name is normalized too.
  init(_ tokens: [TokenizerFolder.AddedToken]) {
    self.tokens =
      tokens
      .map { token in
        let name = Array(token.content.unicodeScalars)
        return (token.isNormalized ? TextNormalizer.normalize(name[...]) : name, token.id)
      }
      .sorted { $0.name.count > $1.name.count }
  }

  func split(_ text: ArraySlice<Unicode.Scalar>) -> [Piece] {
    var pieces: [Piece] = []
    var rest = text
    var position = text.startIndex
    while position < text.endIndex {
      guard let token = tokens.first(where: { text[position...].starts(with: $0.name) }) else {
        position += 1
        continue
      }
      if rest.startIndex < position { pieces.append(.text(rest[..<position])) }
      pieces.append(.token(token.id))
      position += token.name.count
      rest = rest[position...]
    }
    if !rest.isEmpty { pieces.append(.text(rest)) }
    return pieces
  }
}
