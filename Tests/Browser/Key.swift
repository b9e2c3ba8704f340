/// A key of the keyboard.
package struct Key: Sendable {
  /// `KeyboardEvent.key`.
  let name: String
  /// `KeyboardEvent.code`.
  let code: String
  /// `KeyboardEvent.keyCode`.
  let number: Int
  /// What it types.
  var text = ""

  /// Return, which types a line break and submits forms.
  package static let enter = Key(name: "Enter", code: "Enter", number: 13, text: "\r")
  /// Escape.
  package static let escape = Key(name: "Escape", code: "Escape", number: 27)
  /// Tab, which moves the focus.
  package static let tab = Key(name: "Tab", code: "Tab", number: 9)
  /// The space bar.
  package static let space = Key(name: " ", code: "Space", number: 32, text: " ")
  /// Removes the character before the caret.
  package static let backspace = Key(name: "Backspace", code: "Backspace", number: 8)
  /// Removes the character after the caret.
  package static let delete = Key(name: "Delete", code: "Delete", number: 46)
  /// The arrow to the left.
  package static let left = Key(name: "ArrowLeft", code: "ArrowLeft", number: 37)
  /// The arrow up.
  package static let up = Key(name: "ArrowUp", code: "ArrowUp", number: 38)
  /// The arrow to the right.
  package static let right = Key(name: "ArrowRight", code: "ArrowRight", number: 39)
  /// The arrow down.
  package static let down = Key(name: "ArrowDown", code: "ArrowDown", number: 40)
  /// To the beginning.
  package static let home = Key(name: "Home", code: "Home", number: 36)
  /// To the end.
  package static let end = Key(name: "End", code: "End", number: 35)

  /// A letter or a digit.
  package static func character(_ character: Character) -> Key {
    let upper = character.uppercased()
    let code = character.isLetter ? "Key\(upper)" : "Digit\(upper)"
    return Key(
      name: String(character), code: code, number: Int(upper.unicodeScalars.first?.value ?? 0),
      text: String(character))
  }
}
