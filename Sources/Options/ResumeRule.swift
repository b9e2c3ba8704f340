/// Whether an option may change when a run is resumed.
package enum ResumeRule<Table>: Sendable {
  /// A change makes another training. The resume is refused unless the user allows the change.
  case refused
  /// The value can never change.
  case never
  /// The value does not affect the arithmetic.
  case allowed
  /// The value can never change, unless this is true of the configuration before and after.
  case neverUnless(@Sendable (_ old: Table, _ new: Table) -> Bool)
  /// Allowed if this is true of the configuration before and after.
  case allowedIf(@Sendable (_ old: Table, _ new: Table) -> Bool)

  func allows(from old: Table, to new: Table) -> Bool {
    switch self {
    case .refused, .never: false
    case .allowed: true
    case .allowedIf(let condition), .neverUnless(let condition): condition(old, new)
    }
  }

  var isNever: Bool {
    switch self {
    case .never, .neverUnless: true
    case .refused, .allowed, .allowedIf: false
    }
  }
}
