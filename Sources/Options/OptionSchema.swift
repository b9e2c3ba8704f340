/// The declarations of a table.
package final class OptionSchema<Table: OptionTable>: Sendable {
  /// A table with every option at its default.
  package let defaults: Table
  /// The options in the order of declaration.
  package let options: [OptionEntry]
  /// The keys of the options that take another option's value until they are set.
  let followers: Set<String>
  private let keys: [ObjectIdentifier: String]

  package init() {
    let defaults = Table()
    self.defaults = defaults
    let children = defaults.children
    options = children.map { key, option in option.entry(key: key, in: defaults) }
    followers = Set(children.filter(\.option.isFollower).map(\.key))
    keys = Dictionary(uniqueKeysWithValues: children.map { ($0.option.identity, $0.key) })
  }

  /// The sections in the order of declaration.
  package var sections: [OptionSection] {
    options.reduce(into: []) { sections, option in
      if !sections.contains(option.section) { sections.append(option.section) }
    }
  }

  /// The key of an option: `schema.key(of: \.$batchSize)` is `batch_size`.
  package func key<Value>(of path: KeyPath<Table, Option<Table, Value>>) -> String {
    keys[defaults[keyPath: path].identity] ?? ""
  }

  /// The option with a key, or with one that it had in an earlier version.
  package func option(_ key: String) -> OptionEntry? {
    options.first { $0.key == key || $0.formerly.contains(key) }
  }
}

/// `min_snr_gamma` for `minSNRGamma`: the words of a Swift name in lower case.
func snakeCase(_ name: String) -> String {
  let letters = Array(name)
  var key = ""
  for (index, letter) in letters.enumerated() {
    if letter.isUppercase, index > 0 {
      let endsAcronym = index + 1 < letters.count && letters[index + 1].isLowercase
      if !letters[index - 1].isUppercase || endsAcronym { key += "_" }
    }
    key += letter.lowercased()
  }
  return key
}
