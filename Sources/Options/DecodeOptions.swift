package import Yams

/// Decodes a flat set of options. `origin` is where an option was set, for errors.
package func decodeOptions<T: Decodable>(
  _ type: T.Type, from values: [String: Node], origin: (String) -> ConfigOrigin
) throws(ConfigError) -> T {
  do {
    let pairs = values.sorted { $0.key < $1.key }.map { (Node($0.key), $0.value) }
    return try T(from: NodeDecoder(Node(pairs)))
  } catch {
    var path: [any CodingKey] = []
    var allowed = "\(error)"
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      (path, allowed) = (context.codingPath + [key], context.debugDescription)
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
      key: names.joined(separator: ": "),
      origin: origin(option).atLine(path.count > 1 ? node?.mark?.line : nil),
      found: node?.summary ?? "nothing", allowed: allowed)
  }
}

extension ConfigOrigin {
  /// The same place with the line of a value inside a list or group.
  fileprivate func atLine(_ line: Int?) -> ConfigOrigin {
    if case .file(let file, let first) = self { .file(file, line: line ?? first) } else { self }
  }
}
