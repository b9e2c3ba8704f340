import Foundation
import NN
import Yams

/// A YAML file of `option: value` lines whose options are all known.
struct ConfigFile {
  /// The file as the user named it.
  let name: String
  /// The values that are set.
  private(set) var values: [String: Node] = [:]
  /// The lines they are on.
  private(set) var lines: [String: Int] = [:]

  /// Reads a file; `keys` are the options it may set, besides others where that `isOpen`.
  init(contentsOf url: URL, keys: [String], isOpen: Bool = false) throws(ConfigError) {
    let name = url.relativePath
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch CocoaError.fileReadNoSuchFile {
      throw .missingFile(name)
    } catch {
      let reason = url.hasDirectoryPath ? "it is a folder" : error.reason
      throw .unreadableFile(name, reason: reason)
    }
    guard let yaml = String(data: data, encoding: .utf8) else {
      throw .unreadableFile(name, reason: "some bytes are not UTF-8")
    }
    try self.init(yaml: yaml, name: name, keys: keys, isOpen: isOpen)
  }

  /// Reads text; `name` is what errors call it.
  init(
    yaml: String, name: String, keys: [String], isOpen: Bool = false
  ) throws(ConfigError) {
    self.name = name
    let root: Node?
    do {
      root = try compose(yaml: yaml)
    } catch {
      let (line, problem) = describe(error)
      throw .malformedFile(name, line: line, problem: problem)
    }
    guard let root, root.null == nil else { return }
    guard let mapping = root.mapping else {
      throw .malformedFile(name, line: root.mark?.line, problem: "found \(root.summary)")
    }
    for (key, value) in mapping {
      guard let option = key.scalar?.string, isOpen || keys.contains(option) else {
        let found = key.scalar?.string ?? key.summary
        throw .unknownKey(
          found, file: name, line: key.mark?.line,
          nearest: nearestName(to: found, in: keys), known: keys)
      }
      values[option] = value.withoutSexagesimals
      lines[option] = key.mark?.line
    }
  }

  /// The values as a Swift type.
  func decode<T: Decodable>(_ type: T.Type) throws(ConfigError) -> T {
    try decodeOptions(type, from: values) { .file(name, line: lines[$0]) }
  }
}

/// Decodes a flat set of options; `origin` says where an option was set, for errors.
func decodeOptions<T: Decodable>(
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

private func describe(_ error: any Error) -> (line: Int?, problem: String) {
  switch error {
  case YamlError.scanner(_, let problem, let mark, _),
    YamlError.parser(_, let problem, let mark, _),
    YamlError.composer(_, let problem, let mark, _):
    (mark.line, problem)
  case YamlError.reader(let problem, _, _, _): (nil, problem)
  case YamlError.duplicatedKeysInMapping(let duplicates, _):
    (nil, "\(duplicates.joined(separator: ", ")) is set more than once")
  default: (nil, "\(error)")
  }
}

extension Node {
  /// The value in a few words, for errors.
  var summary: String {
    switch self {
    case .scalar: null == nil ? "\"\(scalar?.string ?? "")\"" : "nothing"
    case .sequence: "a list"
    case .mapping: "a group of options"
    case .alias: "an alias"
    }
  }

  /// YAML 1.1 reads `12:30` as a number in base 60, which nobody means; here it is text. (Yams traps
  /// where such a number overflows.)
  var withoutSexagesimals: Node {
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
