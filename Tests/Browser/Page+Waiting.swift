extension Page {
  /// Waits until the page has loaded, scripts and pictures included, and an expression of it is true.
  /// A condition that throws counts as false.
  ///
  /// - Throws: `BrowserError.condition` with the text that the page shows, `.noReply`, `.closed`,
  ///   `CancellationError`.
  package func wait(
    for javascriptCondition: String, seconds: Double = Browser.patience
  ) async throws {
    let expression = """
      (async () => document.readyState === 'complete' && Boolean(await (\(javascriptCondition))))()
      """
    var exception: String?
    try await poll(seconds: seconds) {
      exception = nil
      do {
        return try await evaluate(expression, as: Bool.self)
      } catch BrowserError.exception(let text, _) {
        exception = text
      } catch BrowserError.command(_, let message) {
        exception = message
      }
      return false
    } orThrow: {
      BrowserError.condition(
        javascriptCondition, seconds: seconds, text: try await visibleText, exception: exception)
    }
  }

  /// The text that the page shows.
  package var visibleText: String {
    get async throws { try await evaluate("document.body?.innerText ?? ''", as: String.self) }
  }

  /// Asks until the answer is true.
  func poll(
    seconds: Double, isTrue: () async throws -> Bool, orThrow error: () async throws -> any Error
  ) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await !isTrue() {
      guard ContinuousClock.now < deadline else { throw try await error() }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
