import Yams

/// Decodes a node with the scalars of YAML 1.2 (section 10.3.2, the core schema): `0100` is 100 and
/// `1:30`, `0b1`, `1_000` and `yes` are texts. Yams itself reads YAML 1.1.
///
/// Errors are `DecodingError.dataCorrupted`, whose description is what is allowed.
struct NodeDecoder: Decoder {
  let node: Node
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(_ node: Node, at path: [any CodingKey] = []) {
    self.node = node
    codingPath = path
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .mapping(let mapping) = node else {
      throw refusal("a group of options such as {a: 1, b: 2}")
    }
    let pairs = mapping.compactMap { key, value in key.scalar.map { ($0.string, value) } }
    return KeyedDecodingContainer(
      KeyedNodes(
        nodes: Dictionary(pairs, uniquingKeysWith: { $1 }), codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .sequence(let sequence) = node else { throw refusal("a list such as [a, b]") }
    return ListedNodes(nodes: Array(sequence), codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  /// The error that the node is not what is allowed.
  private func refusal(_ allowed: String) -> DecodingError {
    .dataCorrupted(DecodingError.Context(codingPath: codingPath, debugDescription: allowed))
  }
}

extension NodeDecoder: SingleValueDecodingContainer {
  func decodeNil() -> Bool { node.isNull }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    switch type {
    case is String.Type: try value(type, "a text") { $0 as? T }
    case is Bool.Type: try value(type, "true or false") { CoreSchema.boolean($0) as? T }
    case let integer as any FixedWidthInteger.Type:
      try value(type, Self.allowed(integer, for: node.scalar?.string ?? "")) {
        CoreSchema.integer(integer, $0) as? T
      }
    case is Double.Type: try value(type, "a number") { CoreSchema.number($0) as? T }
    default: try T(from: self)
    }
  }

  /// The whole numbers of a type in words. The limits are named for a number that is too large.
  private static func allowed(_ type: any FixedWidthInteger.Type, for text: String) -> String {
    guard text.count > 9, text.wholeMatch(of: /[-+]?[0-9]+/) != nil else {
      return type.isSigned ? "a whole number" : "a whole number of at least 0"
    }
    return "a whole number from \(type.min) to \(type.max)"
  }

  /// The scalar as a value, unless it has quotes that make it a text.
  private func value<T>(
    _ type: T.Type, _ allowed: String, _ read: (String) -> T?
  ) throws -> T {
    guard case .scalar(let scalar) = node else {
      throw refusal(node.unquotedText.map(Node.quotesNeeded) ?? "a single value")
    }
    let isText = type is String.Type
    guard let value = node.isNull ? nil : read(scalar.string) else { throw refusal(allowed) }
    guard isText || [.any, .plain].contains(scalar.style) else {
      throw refusal("\(allowed) without quotes")
    }
    return value
  }
}

/// The values of a mapping.
private struct KeyedNodes<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let nodes: [String: Node]
  let codingPath: [any CodingKey]

  var allKeys: [Key] { nodes.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { nodes[key.stringValue] != nil }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try decoder(key).decode(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { NodeDecoder(Node([Node]()), at: codingPath) }

  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

  private func decoder(_ key: Key) throws -> NodeDecoder {
    guard let node = nodes[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key, DecodingError.Context(codingPath: codingPath, debugDescription: "set"))
    }
    return NodeDecoder(node, at: codingPath + [key])
  }
}

/// The values of a list.
private struct ListedNodes: UnkeyedDecodingContainer {
  let nodes: [Node]
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  init(nodes: [Node], codingPath: [any CodingKey]) {
    self.nodes = nodes
    self.codingPath = codingPath
  }

  var count: Int? { nodes.count }
  var isAtEnd: Bool { currentIndex >= nodes.count }

  mutating func decodeNil() throws -> Bool {
    let isNull = try decoder().decodeNil()
    if isNull { currentIndex += 1 }
    return isNull
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let value = try decoder().decode(type)
    currentIndex += 1
    return value
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    let container = try decoder().container(keyedBy: type)
    currentIndex += 1
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try decoder().unkeyedContainer()
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = try decoder()
    currentIndex += 1
    return decoder
  }

  private func decoder() throws -> NodeDecoder {
    guard !isAtEnd else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: codingPath, debugDescription: "a longer list"))
    }
    return NodeDecoder(nodes[currentIndex], at: codingPath + [ListIndex(currentIndex)])
  }
}

/// A place in a list.
private struct ListIndex: CodingKey {
  let place: Int
  var intValue: Int? { place }
  var stringValue: String { "\(place)" }

  init(_ place: Int) { self.place = place }
  init?(intValue: Int) { place = intValue }
  init?(stringValue: String) { nil }
}
