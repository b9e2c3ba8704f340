import Synchronization

/// The declaration of an option and its value: the default, what is allowed, help, where it belongs.
///
/// ```swift
/// @Option(.run, "Optimizer steps.", .in(1...10_000_000), value: "n") package var steps = 1000
/// ```
///
/// The key in YAML and JSON is the property's name in snake_case. Flags, files, the record, comparisons
/// and help are made from the declaration; see ``OptionTable``.
@propertyWrapper
package struct Option<Table: OptionTable, Value: OptionValue>: Sendable {
  let declaration: OptionDeclaration<Table, Value>
  private var box: Box<Value>

  /// - Parameters:
  ///   - section: Where the option stands in help and files.
  ///   - help: What it is, in a sentence. Other options are named by their keys in backticks.
  ///   - allowed: What a value may be; nil: whatever has the type.
  ///   - name: What help calls the value, as in `--steps <n>`.
  ///   - unset: What `null` or an empty list stands for.
  ///   - formerly: Keys that the option had in earlier versions.
  ///   - leader: The option whose value this one takes until it is set.
  ///   - resume: Whether it may change when a run is resumed.
  ///   - check: Returns what is allowed if the value is not, for rules that involve other options.
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

  /// Sets the value of a table that is just being made, which nobody else has yet.
  func fill(_ value: Value) { box.fill(value) }
}

extension Option: Equatable {
  package static func == (a: Option, b: Option) -> Bool { a.wrappedValue == b.wrappedValue }
}

/// What does not change with the value.
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

  /// Follows an option of the same type.
  package static func option(
    _ path: any KeyPath<Table, Option<Table, Value>> & Sendable
  ) -> Leader {
    .option(path) { $0 }
  }
}

/// A value. Assignments make a new box, so that tables are values; only a table that is still being made
/// has its boxes filled.
private final class Box<Value: Sendable>: Sendable {
  private let storage: Mutex<Value>

  init(_ value: Value) { storage = Mutex(value) }

  var value: Value { storage.withLock { $0 } }

  func fill(_ value: Value) { storage.withLock { $0 = value } }
}
