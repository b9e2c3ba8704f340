/// Keys that are held while another is pressed.
package struct Modifiers: OptionSet, Sendable {
  /// The bits of the protocol.
  package let rawValue: Int

  /// Takes the bits of the protocol.
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Alt.
  package static let alt = Modifiers(rawValue: 1)
  /// Control.
  package static let control = Modifiers(rawValue: 2)
  /// Shift.
  package static let shift = Modifiers(rawValue: 8)
}
