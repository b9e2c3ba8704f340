/// The settings of another program: those that rules of the import translate, and those without a
/// counterpart here, with the reason.
package struct ForeignFates: Sendable {
  package let program: String
  /// The names that rules translate.
  package let translated: [String]
  package let noCounterpart: [String: String]
  package let notNeeded: [String: String]

  /// All names that the program knows.
  package var names: [String] { translated + noCounterpart.keys + notNeeded.keys }

  /// The reason of each name.
  static func fates(_ names: [String: [String]]) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: names.flatMap { reason, names in names.map { ($0, reason) } })
  }
}
