package import Yams

/// Decodes a flat set of options. `origin` is where an option was set, for errors.
package func decodeOptions<T: Decodable>(
  _ type: T.Type, from values: [String: Node], origin: (String) -> ConfigOrigin
) throws(ConfigError) -> T {
  do {
    let pairs = values.sorted { $0.key < $1.key }.map { (Node($0.key), $0.value) }
    return try YAMLDecoder().decode(type, from: Node(pairs))
  } catch {
    var path: [any CodingKey] = []
    var allowed = "\(error)"
    switch error {
    case DecodingError.typeMismatch(let expected, let context):
      (path, allowed) = (context.codingPath, describe(expected))
    case DecodingError.valueNotFound(let expected, let context):
      (path, allowed) = (context.codingPath, describe(expected))
    case DecodingError.keyNotFound(let key, let context):
      (path, allowed) = (context.codingPath + [key], "set")
    case DecodingError.dataCorrupted(let context):
      (path, allowed) = (context.codingPath, context.debugDescription)
    default: break
    }
    let option = path.first?.stringValue ?? ""
    let node = path.dropFirst().reduce(values[option]) { node, key in
      key.intValue.map { node?.sequence?[$0] } ?? node?.mapping?[Node(key.stringValue)]
    }
    let names = path.filter { $0.intValue == nil }.map(\.stringValue)
    throw .invalidValue(
      key: names.joined(separator: ": "), origin: origin(option),
      found: node?.summary ?? "nothing", allowed: allowed)
  }
}

private func describe(_ type: any Any.Type) -> String {
  switch type {
  case is Int.Type: "a whole number"
  case is UInt64.Type: "a whole number of at least 0"
  case is Double.Type: "a number"
  case is Bool.Type: "true or false"
  case is Node.Sequence.Type: "a list such as [a, b]"
  default: "a single value"
  }
}
