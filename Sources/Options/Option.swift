import Synchronization

/// An option's value with its declaration: default, allowed values, help and section.
///
/// ```swift
/// @Option(.run, "Optimizer steps.", .in(1...10_000_000), value: "n") package var steps = 1000
/// ```
///
/// The key in YAML and JSON is the property's name in snake_case. Flags, files, the record,
/// comparisons and help are made from the declaration; see ``OptionTable``.
@propertyWrapper
package struct Option<Table: OptionTable, Value: OptionValue>: Sendable {
  let declaration: OptionDeclaration<Table, Value>
  private var box: Box<Value>

  /// - Parameters:
  ///   - section: Where the option stands in help and files.
  ///   - help: What the option is, in a sentence. It names other options by their keys in
  ///     backticks.
  ///   - allowed: The allowed values; nil: all values of the type.
  ///   - name: The placeholder for the value in help, as in `--steps <n>`.
  ///   - unset: What `null` or an empty list means. Of an option that follows another one: its value then, if
  ///     that is not the other's.
  ///   - formerly: Keys that the option had in earlier versions.
  ///   - leader: The option whose value this one takes until it is set.
  ///   - resume: Whether it may change when a run is resumed.
  ///   - check: For rules with other options: returns what is allowed, or nil for an allowed value.
  package init(
    wrappedValue: Value, _ section: OptionSection, _ help: String,
    _ allowed: Allowed<Value.Bound>? = nil, value name: String? = nil, unset: String? = nil,
    formerly: [String] = [], follows leader: Leader<Table, Value>? = nil,
    resume: ResumeRule<Table> = .refused,
    check: (@Sendable (Value, Table) -> String?)? = nil
  ) {
    declaration = OptionDeclaration(
      section: section, help: help, allowed: allowed, valueName: name, unset: unset,
      formerly: formerly, leader: leader, resume: resume, check: check,
      isOffByNull: Value.isNullable && wrappedValue.bound != nil)
    box = Box(wrappedValue)
  }

  package var wrappedValue: Value {
    get { box.value }
    set { box = Box(newValue) }
  }

  /// The option itself, which key paths such as `\.$steps` lead to.
  package var projectedValue: Option {
    get { self }
    set { self = newValue }
  }

  /// Sets the value in place. Only for a table that is still being made and has no copies.
  func fill(_ value: Value) { box.fill(value) }
}

extension Option: Equatable {
  package static func == (a: Option, b: Option) -> Bool { a.wrappedValue == b.wrappedValue }
}

/// The part of an option that does not change with its value.
final class OptionDeclaration<Table: OptionTable, Value: OptionValue>: Sendable {
  let section: OptionSection
  let help: String
  let allowed: Allowed<Value.Bound>?
  let valueName: String?
  let unset: String?
  let formerly: [String]
  let leader: Leader<Table, Value>?
  let resume: ResumeRule<Table>
  let check: (@Sendable (Value, Table) -> String?)?
  /// Whether `null` switches off what the default switches on.
  let isOffByNull: Bool

  init(
    section: OptionSection, help: String, allowed: Allowed<Value.Bound>?, valueName: String?,
    unset: String?, formerly: [String], leader: Leader<Table, Value>?, resume: ResumeRule<Table>,
    check: (@Sendable (Value, Table) -> String?)?, isOffByNull: Bool
  ) {
    self.section = section
    self.help = help
    self.allowed = allowed
    self.valueName = valueName
    self.unset = unset
    self.formerly = formerly
    self.leader = leader
    self.resume = resume
    self.check = check
    self.isOffByNull = isOffByNull
  }
}

/// The option whose value another one takes until that is set.
package struct Leader<Table: OptionTable, Value: OptionValue>: Sendable {
  let identity: @Sendable (Table) -> ObjectIdentifier
  let value: @Sendable (Table) -> Value

  /// Follows an option of another type.
  package static func option<Other: OptionValue>(
    _ path: any KeyPath<Table, Option<Table, Other>> & Sendable,
    as convert: @escaping @Sendable (Other) -> Value
  ) -> Leader {
    Leader(
      identity: { ObjectIdentifier($0[keyPath: path].declaration) },
      value: { convert($0[keyPath: path].wrappedValue) })
  }

  /// Follows an option, and others of the table with it.
  package static func option<Other: OptionValue>(
    _ path: any KeyPath<Table, Option<Table, Other>> & Sendable,
    with others: @escaping @Sendable (Table) -> Value
  ) -> Leader {
    Leader(identity: { ObjectIdentifier($0[keyPath: path].declaration) }, value: others)
  }

  /// Follows an option of the same type.
  package static func option(
    _ path: any KeyPath<Table, Option<Table, Value>> & Sendable
  ) -> Leader {
    .option(path) { $0 }
  }
}

/// The storage of a value. An assignment makes a new box, so that tables have value semantics. A
/// box is filled only in a table that is still being made.
private final class Box<Value: Sendable>: Sendable {
  private let storage: Mutex<Value>

  init(_ value: Value) { storage = Mutex(value) }

  var value: Value { storage.withLock { $0 } }

  func fill(_ value: Value) { storage.withLock { $0 = value } }
}
