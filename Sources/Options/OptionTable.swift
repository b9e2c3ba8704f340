import Foundation

/// A struct whose stored properties are options, each declared with ``Option``. The struct is both
/// the declaration of the options and their values.
///
/// ```swift
/// package struct Settings: OptionTable {
///   package typealias Option<Value: OptionValue> = Options.Option<Settings, Value>
///   package static let schema = OptionSchema<Settings>()
///
///   @Option(.run, "Optimizer steps.", .in(1...10_000_000), value: "n") package var steps = 1000
///
///   package init() {}
/// }
/// ```
package protocol OptionTable: Codable, Sendable, Equatable {
  /// Every option at its default.
  init()

  /// The declarations.
  static var schema: OptionSchema<Self> { get }

  /// What the name of an option in another program is here; nil for a name that is not known.
  static func foreign(_ name: String) -> ForeignName?
}

/// A part of a table in a struct of its own. Its stored properties are options of the table, whose keys do not
/// show the group.
package protocol OptionPart: Sendable, Equatable {}

extension OptionTable {
  package static func foreign(_ name: String) -> ForeignName? { nil }
}

extension OptionTable {
  /// Reads the options of a record. Missing options have their default, and former keys are read,
  /// so that records of earlier versions can be read.
  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try decoder.container(keyedBy: OptionKey.self)
    for (key, option) in children {
      let keys = ([key] + option.formerly).map { OptionKey($0) }
      if let key = keys.first(where: container.contains) {
        try option.fill(from: container, key)
      }
    }
  }

  /// Writes every option. `null` is written too, since it is not the default of every option.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: OptionKey.self)
    for (key, option) in children { try option.encode(to: &container, OptionKey(key)) }
  }

  /// The options as one line of JSON with sorted keys: equal tables give equal text. `JSONDecoder`
  /// reads it back.
  package func recordJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// The options that decide a run's results: all but those that may change when a run is resumed,
  /// and but those with some keys.
  package func resultOptions(without keys: Set<String> = []) -> some Encodable {
    ResultOptions(table: self, omitted: keys)
  }

  /// Checks every value in the order of declaration. Throws `ConfigError.invalidValue` for the
  /// first that is not allowed.
  package func validate() throws(ConfigError) {
    try validate(children) { _ in .builtIn }
  }

  /// - Parameters:
  ///   - children: The options of this table that are checked.
  ///   - origin: Where the option with a key was set.
  func validate(
    _ children: [(key: String, option: any AnyOption<Self>)], origin: (String) -> ConfigOrigin
  ) throws(ConfigError) {
    for (key, option) in children {
      if let problem = option.problem(in: self) {
        throw .invalidValue(
          key: key, origin: origin(key), found: problem.found, allowed: problem.allowed)
      }
    }
  }

  /// A table with `other`'s values for the options in `keys`, and this table's values for the rest.
  package func taking(_ keys: Set<String>, from other: Self) -> Self {
    let table = Self()
    for ((key, option), (own, theirs)) in zip(table.children, zip(children, other.children)) {
      option.copy(from: keys.contains(key) ? theirs.option : own.option)
    }
    return table
  }

  /// The options with their keys in the order of declaration.
  var children: [(key: String, option: any AnyOption<Self>)] { Self.options(of: self) }

  private static func options(of value: Any) -> [(key: String, option: any AnyOption<Self>)] {
    Mirror(reflecting: value).children.flatMap { label, value in
      if value is any OptionPart { return options(of: value) }
      // A property wrapper's storage is named as the property, after an underscore.
      guard let label, let option = value as? any AnyOption<Self> else { return [] }
      return [(snakeCase(String(label.dropFirst())), option)]
    }
  }

  /// The key of an option of this table.
  func key(of identity: ObjectIdentifier) -> String {
    children.first { $0.option.identity == identity }?.key ?? ""
  }
}

private struct ResultOptions<Table: OptionTable>: Encodable {
  let table: Table
  let omitted: Set<String>

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: OptionKey.self)
    for (key, option) in table.children where !omitted.contains(key) {
      if case .allowed = option.resume { continue }
      try option.encode(to: &container, OptionKey(key))
    }
  }
}
