/// An option of any type. A table finds its options by reflection.
protocol AnyOption<Table>: Sendable {
  associatedtype Table: OptionTable

  /// Unique among the options of a table.
  var identity: ObjectIdentifier { get }
  var resume: ResumeRule<Table> { get }
  var formerly: [String] { get }
  var text: String { get }
  var yaml: String { get }
  /// Whether it takes another option's value until it is set.
  var isFollower: Bool { get }

  /// The declaration as data. `table` is the option's own table.
  func entry(key: String, in table: Table) -> OptionEntry
  func encode(to container: inout KeyedEncodingContainer<OptionKey>, _ key: OptionKey) throws
  func fill(from container: KeyedDecodingContainer<OptionKey>, _ key: OptionKey) throws
  /// Copies the value of the same option in another table.
  func copy(from other: any AnyOption<Table>)
  /// Takes the leader's value, if there is a leader.
  func follow(in table: Table)
  /// Whether the value is the leader's.
  func follows(in table: Table) -> Bool
  /// What was found and what is allowed; nil: the value is allowed.
  func problem(in table: Table) -> (found: String, allowed: String)?
}

extension Option: AnyOption {
  var identity: ObjectIdentifier { ObjectIdentifier(declaration) }
  var resume: ResumeRule<Table> { declaration.resume }
  var formerly: [String] { declaration.formerly }
  var text: String { wrappedValue.text }
  var yaml: String { wrappedValue.yaml }
  var isFollower: Bool { declaration.leader != nil }

  func entry(key: String, in table: Table) -> OptionEntry {
    OptionEntry(
      key: key, formerly: formerly, section: declaration.section, help: declaration.help,
      kind: Value.kind, isNullable: Value.isNullable, defaultText: text, allowed: allowed,
      valueName: declaration.valueName, unset: declaration.unset,
      follows: declaration.leader.flatMap { table.key(of: $0.identity(table)) },
      isFixed: resume.isNever)
  }

  func encode(to container: inout KeyedEncodingContainer<OptionKey>, _ key: OptionKey) throws {
    try container.encode(wrappedValue, forKey: key)
  }

  func fill(from container: KeyedDecodingContainer<OptionKey>, _ key: OptionKey) throws {
    fill(try container.decode(Value.self, forKey: key))
  }

  func copy(from other: any AnyOption<Table>) {
    if let other = other as? Self { fill(other.wrappedValue) }
  }

  func follow(in table: Table) {
    if let leader = declaration.leader { fill(leader.value(table)) }
  }

  func follows(in table: Table) -> Bool { declaration.leader?.value(table) == wrappedValue }

  func problem(in table: Table) -> (found: String, allowed: String)? {
    guard let bound = wrappedValue.bound else { return nil }
    let found =
      (bound as? String).map { "\"\($0)\"" } ?? (bound as? any ConfigChoice)?.rawValue
      ?? "\(bound)"
    if let allowed, let isAllowed = declaration.allowed?.contains(bound), !isAllowed {
      return (found, allowed)
    }
    return declaration.check?(wrappedValue, table).map { (found, $0) }
  }

  /// The allowed values in words.
  private var allowed: String? {
    let words =
      declaration.allowed?.description ?? (Value.Bound.self as? any ConfigChoice.Type)?.allowed
    return words.map { declaration.isOffByNull ? "\($0), or null to switch it off" : $0 }
  }
}
