/// A piece of a prompt and its weight.
///
/// The syntax is that of A1111's web UI: `(words)` have the weight 1.1, `(words:1.3)` 1.3,
/// `[words]` 1 / 1.1. Nested brackets multiply. A bracket that is not closed reaches to the end.
/// `\(`, `\)`, `\[`, `\]` and `\\` stand for the characters themselves.
///
/// The effect of a weight is ComfyUI's, not A1111's: the hidden state `z` of a token becomes
/// `e + weight * (z - e)`, where `e` is that of the empty prompt at the same place. The pooled
/// vector does not change.
public struct WeightedText: Equatable, Sendable {
  /// The words.
  public let text: String
  /// 1 for words without brackets.
  public let weight: Double

  /// Words and their weight.
  public init(text: String, weight: Double) {
    self.text = text
    self.weight = weight
  }

  /// The non-empty pieces of a prompt.
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
  /// The open brackets, each with the index of its first piece.
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

  /// Removes a number and the closing bracket from the front of `rest`; nil if there is no number.
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
