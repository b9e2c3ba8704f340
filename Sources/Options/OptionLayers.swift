package import Foundation
package import Yams

/// Options from several sources. Later sources override earlier ones.
package struct OptionLayers<Table: OptionTable> {
  /// The values of options that no source sets; nil: the defaults, and followers take their
  /// leader's value.
  private let base: Table?
  private var values: [String: Node] = [:]
  private var origins: [String: ConfigOrigin] = [:]

  package init(over base: Table? = nil) { self.base = base }

  /// Adds a YAML file. Throws `ConfigError` if it is missing or broken, or sets an option that does
  /// not exist.
  ///
  /// - Parameter isGiven: Whether the user has named the file, which may then be a pipe.
  package mutating func add(fileAt url: URL, isGiven: Bool = false) throws(ConfigError) {
    let (keys, formerly) = Self.keys
    add(
      try ConfigFile(
        contentsOf: url, keys: keys, formerly: formerly, foreign: Table.foreign, isGiven: isGiven))
  }

  /// Adds YAML text. Errors name it `name`. Throws `ConfigError` as for a file.
  package mutating func add(yaml: String, name: String) throws(ConfigError) {
    let (keys, formerly) = Self.keys
    add(
      try ConfigFile(
        yaml: yaml, name: name, keys: keys, formerly: formerly, foreign: Table.foreign))
  }

  /// The options' keys, and those of earlier versions with the keys they became.
  private static var keys: (present: [String], formerly: [String: String]) {
    let options = Table.schema.options
    let formerly = options.flatMap { option in option.formerly.map { ($0, option.key) } }
    return (options.map(\.key), Dictionary(uniqueKeysWithValues: formerly))
  }

  private mutating func add(_ file: ConfigFile) {
    for (key, value) in file.values {
      values[key] = value
      origins[key] = .file(file.name, line: file.lines[key])
    }
  }

  /// Adds the values of a file that has been read.
  package mutating func add(_ nodes: [String: Node], origin: (String) -> ConfigOrigin) {
    for (key, value) in nodes {
      values[key] = value
      origins[key] = origin(key)
    }
  }

  /// Adds the sources of other layers, which override those so far.
  package mutating func add(_ layers: OptionLayers) {
    values.merge(layers.values) { $1 }
    origins.merge(layers.origins) { $1 }
  }

  /// The keys of all options that a source sets.
  package var keys: Set<String> { Set(values.keys) }

  /// Adds the options set on the command line.
  package mutating func add(_ overrides: OptionOverrides<Table>) {
    for (key, value) in overrides.nodes {
      values[key] = value
      origins[key] = .commandLine
    }
  }

  /// Whether a source sets an option to a value.
  package func sets(_ key: String) -> Bool { values[key].map { !$0.isNull } ?? false }

  /// The text that an option is set to; nil if no source sets it to a text.
  package func text<Value>(of path: KeyPath<Table, Option<Table, Value>>) -> String? {
    values[Table.schema.key(of: path)]?.scalar?.string
  }

  /// The value that an option is set to; nil if no source sets it to a value that it can have.
  package func value<Value>(of path: KeyPath<Table, Option<Table, Value>>) -> Value? {
    let key = Table.schema.key(of: path)
    guard sets(key), let node = values[key] else { return nil }
    let table = try? decodeOptions(Table.self, from: [key: node]) { _ in .builtIn }
    return table?[keyPath: path].wrappedValue
  }

  /// The value of an option as in a file; nil if no source sets it.
  func node(_ key: String) -> Node? { values[key] }

  /// Sets an option to a value as in a file.
  mutating func set(_ key: String, to node: Node) { values[key] = node }

  /// Sets an option to a number.
  package mutating func set(_ key: String, to number: Int) {
    values[key] = Node("\(number)")
    origins[key] = nil
  }

  /// Lets no source set an option.
  package mutating func remove(_ key: String) {
    values[key] = nil
    origins[key] = nil
  }

  /// Sets an option to null.
  package mutating func setNull(_ key: String) { values[key] = Node("null", .implicit, .plain) }

  /// The error that an option has a value which is not allowed.
  package func refusal(_ key: String, allowed: String) -> ConfigError {
    let found = values[key].map { $0.scalar?.string ?? $0.summary } ?? "nothing"
    return .invalidValue(
      key: key, origin: origins[key] ?? .builtIn, found: found, allowed: allowed)
  }

  /// The options. Throws `ConfigError` for a value of the wrong type or one that is not allowed.
  ///
  /// - Parameter unchecked: Keys of options that are not checked.
  package func resolve(unchecked: Set<String> = []) throws(ConfigError) -> Table {
    let followers = Table.schema.followers
    let set = values.filter { key, value in !(followers.contains(key) && value.isNull) }
    let table = try decodeOptions(Table.self, from: set) { origins[$0] ?? .builtIn }
    let children = table.children
    if let base {
      for (own, other) in zip(children, base.children) where values[own.key] == nil {
        own.option.copy(from: other.option)
      }
    }
    for (key, option) in children where set[key] == nil {
      if base == nil || values[key] != nil { option.follow(in: table) }
    }
    let checked = children.filter { !unchecked.contains($0.key) }
    try table.validate(checked) { origins[$0] ?? .builtIn }
    return table
  }
}
