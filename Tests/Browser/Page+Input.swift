package import Foundation

/// Input as a person gives it. An element is first scrolled into view, and the page has two minutes to
/// load, and the element to appear and to be free of what covers it. Then the functions throw
/// `BrowserError.element`.
extension Page {
  /// Clicks a field and replaces its text. The change event comes when the focus leaves the field.
  package func type(_ text: String, into selector: String) async throws {
    try await click(selector)
    _ = try await call(
      """
      element => {
        element.focus()
        if (element.select) element.select(); else document.execCommand('selectAll')
        return ''
      }
      """, on: selector)
    if text.isEmpty {
      try await press(.backspace)
    } else {
      try await send("Input.insertText", ["text": .string(text)])
    }
  }

  /// Presses a key and releases it. What has the focus gets it.
  package func press(_ key: Key, modifiers: Modifiers = []) async throws {
    let text = modifiers.isDisjoint(with: [.control, .alt]) ? key.text : ""
    for type in [text.isEmpty ? "rawKeyDown" : "keyDown", "keyUp"] {
      try await send(
        "Input.dispatchKeyEvent",
        [
          "type": .string(type), "key": .string(key.name), "code": .string(key.code),
          "windowsVirtualKeyCode": .number(Double(key.number)),
          "modifiers": .number(Double(modifiers.rawValue)),
          "text": .string(type == "keyUp" ? "" : text),
        ])
    }
  }

  /// Drops files or folders onto an element, as from a file manager.
  package func drop(files: [URL], onto selector: String) async throws {
    let (x, y) = try await centre(of: selector)
    for type in ["dragEnter", "dragOver", "drop"] {
      try await send(
        "Input.dispatchDragEvent",
        [
          "type": .string(type), "x": .number(x), "y": .number(y),
          "data": [
            "items": [], "files": .array(files.map { .string($0.path) }), "dragOperationsMask": 1,
          ],
        ])
    }
  }

  /// Scrolls an element into view and returns its centre, in pixels of the viewport.
  func centre(of selector: String) async throws -> (x: Double, y: Double) {
    struct Place: Decodable {
      let x: Double
      let y: Double
      let problem: String?
    }
    var place: Place?
    try await poll(seconds: Browser.patience) {
      place = try await evaluate(
        """
        (() => {
          const element = document.querySelector(\(selector.javascript))
          if (element === null || document.readyState !== 'complete') return null
          element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' })
          const box = element.getClientRects()[0] ?? new DOMRect()
          const x = box.x + box.width / 2, y = box.y + box.height / 2
          if (box.width * box.height === 0) return { x, y, problem: 'has no area' }
          const top = document.elementFromPoint(x, y)
          if (element.contains(top)) return { x, y }
          return { x, y, problem: `is covered by ${top?.outerHTML.slice(0, 100)}` }
        })()
        """, as: Place?.self)
      return place.map { $0.problem == nil } ?? false
    } orThrow: {
      place.map { BrowserError.element(selector, problem: $0.problem ?? "") } ?? missing(selector)
    }
    return (place?.x ?? 0, place?.y ?? 0)
  }
}
