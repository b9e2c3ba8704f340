package import Yams

extension Node {
  /// The value in a few words, for errors.
  package var summary: String {
    switch self {
    case .scalar: null == nil ? "\"\(scalar?.string ?? "")\"" : "nothing"
    case .sequence: "a list"
    case .mapping: "a group of options"
    case .alias: "an alias"
    }
  }

  /// YAML 1.1 reads `12:30` as a number in base 60, which nobody means; here it is text. (Yams traps
  /// where such a number overflows.)
  package var withoutSexagesimals: Node {
    switch self {
    case .scalar(var scalar) where scalar.string.contains(":"):
      scalar.style = .doubleQuoted
      return .scalar(scalar)
    case .sequence(let sequence): return Node(sequence.map(\.withoutSexagesimals))
    case .mapping(let mapping):
      return Node(mapping.map { ($0.withoutSexagesimals, $1.withoutSexagesimals) })
    default: return self
    }
  }
}
