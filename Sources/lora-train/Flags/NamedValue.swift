import ArgumentParser

/// The value with a name, for an option whose values have names. Throws `ValidationError`, which
/// lists the names.
func named<Value: RawRepresentable & CaseIterable>(_ name: String) throws -> Value
where Value.RawValue == String {
  guard let value = Value(rawValue: name) else {
    throw ValidationError(
      "there is no \(name); choose one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))"
    )
  }
  return value
}
