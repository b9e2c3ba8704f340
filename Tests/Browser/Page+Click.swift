extension Page {
  /// Clicks the centre of an element, as a person would. A page may move the element between the look at
  /// its place and the click, for instance when a picture appears above it. Such a click reaches
  /// nothing, and the element is clicked again.
  ///
  /// - Throws: `BrowserError.element`, `.command`, `.noReply`, `.closed`.
  package func click(_ selector: String) async throws {
    try await poll(seconds: Browser.patience) {
      let (x, y) = try await centre(of: selector)
      try await guardClick(of: selector)
      for (type, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
        try await send(
          "Input.dispatchMouseEvent",
          [
            "type": .string(type), "x": .number(x), "y": .number(y), "clickCount": 1,
            "button": type == "mouseMoved" ? "none" : "left", "buttons": .number(Double(buttons)),
          ])
      }
      return try await hasReachedItsElement
    } orThrow: {
      BrowserError.element(selector, problem: "received no click")
    }
  }

  /// Keeps the next click from every other element, and notes whether the element received it.
  private func guardClick(of selector: String) async throws {
    let types = "['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']"
    try await evaluate(
      """
      (() => {
        const element = document.querySelector(\(selector.javascript))
        window.clickGuard?.abort()
        const guard = window.clickGuard = new AbortController()
        window.clickReached = false
        for (const type of \(types)) document.addEventListener(type, event => {
          if (!element?.contains(event.target)) {
            event.preventDefault()
            event.stopImmediatePropagation()
          }
          if (type !== 'click') return
          window.clickReached = element?.contains(event.target) ?? false
          guard.abort()
        }, { capture: true, signal: guard.signal })
      })()
      """)
  }

  /// A click that opened another page has reached its element.
  private var hasReachedItsElement: Bool {
    get async throws {
      do {
        return try await evaluate(
          "(window.clickGuard?.abort(), window.clickReached !== false)", as: Bool.self)
      } catch BrowserError.command {
        return true
      }
    }
  }
}
