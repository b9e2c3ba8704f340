/// A setting of another program that is not simply an option here.
public struct ImportNote: Sendable, Equatable {
  /// What became of a setting.
  public enum Fate: String, Sendable, CaseIterable {
    /// The other program does not have it either.
    case unknown
    /// There is nothing like it here.
    case noCounterpart
    /// An option here does nearly the same.
    case approximated
    /// What it does happens here anyway, or has no effect on training.
    case notNeeded
  }

  /// What became of the setting.
  public let fate: Fate
  /// The setting with its value: `noise_offset = 0.05`.
  public let setting: String
  /// Where it stands: `train.toml line 3`; nil: it is not set, and its default counts.
  public let place: String?
  /// Why, and what to do.
  public let reason: String
}
