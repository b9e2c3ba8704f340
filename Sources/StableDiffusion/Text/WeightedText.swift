/// A piece of a prompt and how much it counts.
///
/// Written as for A1111's web UI: `(words)` count 1.1 times, `(words:1.3)` 1.3 times, `[words]`
/// 1 / 1.1 times; brackets may be nested and then multiply; a bracket that is not closed reaches to
/// the end; `\(`, `\)`, `\[`, `\]` and `\\` stand for the characters themselves.
///
/// What a weight does is ComfyUI's formula and not A1111's: each hidden state `z` of a token becomes
/// `e + weight * (z - e)`, where `e` is the hidden state that the empty prompt has in its place. The
/// pooled vector stays.
public struct WeightedText: Equatable, Sendable {
  /// The words.
  public let text: String
  /// 1 for what counts as it is.
  public let weight: Double

  /// Words and their weight.
  public init(text: String, weight: Double) {
    self.text = text
    self.weight = weight
  }

  /// The pieces of a prompt, none of them empty.
  public static func pieces(of prompt: String) -> [WeightedText] {
    var parser = WeightParser(prompt)
    parser.read()
    return parser.pieces
  }
}

/// Reads brackets from left to right.
private struct WeightParser {
  private static let emphasis = 1.1

  private(set) var pieces: [WeightedText] = []
  private var rest: Substring.UnicodeScalarView
  private var text = ""
  /// Brackets not closed yet, and the first piece within each.
  private var open: [(bracket: Unicode.Scalar, start: Int)] = []

  init(_ prompt: String) { rest = Substring(prompt).unicodeScalars }

  mutating func read() {
    while let scalar = rest.popFirst() {
      switch scalar {
      case "\\" where rest.first.map { "()[]\\".unicodeScalars.contains($0) } == true:
        text.unicodeScalars.append(rest.removeFirst())
      case "(", "[":
        endPiece()
        open.append((scalar, pieces.count))
      case ")" where open.last?.bracket == "(": close(Self.emphasis)
      case "]" where open.last?.bracket == "[": close(1 / Self.emphasis)
      case ":" where open.last?.bracket == "(":
        if let weight = popWeight() { close(weight) } else { text.unicodeScalars.append(scalar) }
      default: text.unicodeScalars.append(scalar)
      }
    }
    while let bracket = open.last?.bracket {
      close(bracket == "(" ? Self.emphasis : 1 / Self.emphasis)
    }
    endPiece()
  }

  /// Takes a number and the bracket after it, where they come next.
  private mutating func popWeight() -> Double? {
    guard let end = rest.firstIndex(of: ")"),
      let weight = Double(String(rest[..<end]).trimmed), weight.isFinite
    else { return nil }
    rest = rest[rest.index(after: end)...]
    return weight
  }

  private mutating func close(_ weight: Double) {
    endPiece()
    let start = open.removeLast().start
    pieces[start...] = ArraySlice(
      pieces[start...].map { WeightedText(text: $0.text, weight: $0.weight * weight) })
  }

  private mutating func endPiece() {
    if !text.isEmpty { pieces.append(WeightedText(text: text, weight: 1)) }
    text = ""
  }
}

extension String {
  /// Without spaces at either end.
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
