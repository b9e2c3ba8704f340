import NN

/// A text with names in braces; two braces stand for one.
struct PromptTemplate: Sendable, Equatable {
  private enum Piece: Equatable {
    case text(String)
    case name(String)
  }

  private let pieces: [Piece]

  /// Reads a text; `key` and `position` say where it stands. Throws `CampaignError`.
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

  /// The names in their order.
  var names: [String] {
    pieces.compactMap { if case .name(let name) = $0 { name } else { nil } }
  }

  /// The text with values in the places of the names.
  func text(_ values: [String: String]) -> String {
    pieces.map { piece in
      switch piece {
      case .text(let text): text
      case .name(let name): values[name, default: ""]
      }
    }.joined()
  }
}
