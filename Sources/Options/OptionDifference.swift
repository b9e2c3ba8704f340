/// An option whose value has changed.
public struct OptionDifference: Sendable, Equatable, CustomStringConvertible {
  /// The option's key in YAML and JSON.
  public let key: String
  /// Its value before; `null` when it was not set.
  public let old: String
  /// Its value now.
  public let new: String

  /// `rank: 16 -> 32`
  public var description: String { "\(key): \(old) -> \(new)" }
}

extension OptionTable {
  /// The options that have another value than in `old`, in the order of declaration.
  package func differences(from old: Self) -> [OptionDifference] {
    changes(from: old).map(\.difference)
  }

  /// The differences that their declarations do not allow when a run is resumed.
  package func differencesForbiddenOnResume(from old: Self) -> [OptionDifference] {
    changes(from: old).filter { !$0.option.resume.allows(from: old, to: self) }.map(\.difference)
  }

  private func changes(
    from old: Self
  ) -> [(option: any AnyOption<Self>, difference: OptionDifference)] {
    zip(old.children, children).compactMap { before, after in
      // Texts of lists can be equal where their elements are not.
      guard before.option.yaml != after.option.yaml else { return nil }
      let (old, new) = (before.option.text, after.option.text)
      return (after.option, OptionDifference(key: after.key, old: old, new: new))
    }
  }
}
