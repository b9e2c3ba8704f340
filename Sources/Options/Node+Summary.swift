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

  /// The node with values such as `12:30` as text. YAML 1.1 reads them as numbers in base 60, and
  /// Yams traps when such a number overflows.
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
