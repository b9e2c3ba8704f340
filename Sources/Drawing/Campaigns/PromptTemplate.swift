import NN

/// A text with placeholders such as `{place}`. `{{` and `}}` are literal braces.
struct PromptTemplate: Sendable, Equatable {
  private enum Piece: Equatable {
    case text(String)
    case name(String)
  }

  private let pieces: [Piece]

  /// `key` and `position` locate the text in error messages. Throws `CampaignError.braces`.
  init(_ text: String, key: String, position: String) throws(CampaignError) {
    let problem = CampaignError.braces(key, position: position)
    guard !text.contains("\0") else { throw problem }
    var pieces: [Piece] = []
    var plain = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "{" || character == "}", rest.first == character {
        plain.append(character)
        rest.removeFirst()
      } else if character == "{" {
        guard let end = rest.firstIndex(where: { "{}".contains($0) }), rest[end] == "}" else {
          throw problem
        }
        let name = String(rest[..<end])
        guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "_-".contains($0) })
        else { throw problem }
        pieces += [.text(plain), .name(name)]
        plain = ""
        rest = rest[rest.index(after: end)...]
      } else if character == "}" {
        throw problem
      } else {
        plain.append(character)
      }
    }
    self.pieces = pieces + [.text(plain)]
  }

  /// The placeholders' names, in order.
  var names: [String] {
    pieces.compactMap { if case .name(let name) = $0 { name } else { nil } }
  }

  /// The text with the placeholders replaced.
  func text(_ values: [String: String]) -> String {
    pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .name(let name): values[name, default: ""]
      }
    }.joined()
  }
}
