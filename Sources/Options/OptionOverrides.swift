import Yams

/// Options set by hand, for example by flags, before they are merged with files.
package struct OptionOverrides<Table: OptionTable>: Sendable {
  private enum Text: Sendable {
    case single(String)
    case list([String])
  }

  private var texts: [String: Text] = [:]

  package init() {}

  /// Whether nothing is set.
  package var isEmpty: Bool { texts.isEmpty }

  /// Sets an option to a text, which is read as in a file. `null` is read as null only for options
  /// that can be null.
  package mutating func set(key: String, to text: String) {
    texts[Table.schema.option(key)?.key ?? key] = .single(text)
  }

  /// Sets an option that is a list.
  package mutating func set(key: String, toList list: [String]) {
    texts[Table.schema.option(key)?.key ?? key] = .list(list)
  }

  /// Sets an option, unless the value is nil.
  package mutating func set<Value>(
    _ path: KeyPath<Table, Option<Table, Value>>, to value: (some CustomStringConvertible)?
  ) {
    if let value { set(key: Table.schema.key(of: path), to: value.description) }
  }

  /// Sets a list, unless it is empty.
  package mutating func set<Value>(
    _ path: KeyPath<Table, Option<Table, Value>>, toList list: [some CustomStringConvertible]
  ) {
    if !list.isEmpty { set(key: Table.schema.key(of: path), toList: list.map(\.description)) }
  }

  /// These options, overridden by others.
  package func merging(_ others: OptionOverrides) -> OptionOverrides {
    var merged = self
    merged.texts.merge(others.texts) { $1 }
    return merged
  }

  /// The text that an option is set to; nil if it is not set, or a list.
  package func text<Value>(of path: KeyPath<Table, Option<Table, Value>>) -> String? {
    guard case .single(let text) = texts[Table.schema.key(of: path)] else { return nil }
    return text
  }

  /// The values as they would be in a file.
  var nodes: [String: Node] {
    let nullable = Table.schema.options.filter { $0.isNullable || $0.follows != nil }.map(\.key)
    return texts.reduce(into: [:]) { nodes, entry in
      switch entry.value {
      case .single("null") where nullable.contains(entry.key):
        nodes[entry.key] = Node("null", .implicit, .plain)
      case .single(let text): nodes[entry.key] = Node(text)
      case .list(let texts): nodes[entry.key] = Node(texts.map { Node($0) })
      }
    }
  }
}
