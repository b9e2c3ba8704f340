/// What can go wrong in a browser.
package enum BrowserError: Error, CustomStringConvertible {
  /// There is no Chromium on the PATH.
  case notInstalled
  /// Chromium did not start; `output` is what it printed.
  case launch(String, output: String)
  /// The connection ended while a reply was awaited.
  case closed(String, reason: String)
  /// No reply came in time.
  case noReply(method: String)
  /// Chromium refused a command.
  case command(method: String, message: String)
  /// The page's code threw an exception.
  case exception(String, javascript: String)
  /// The result of the page's code has another type than expected.
  case result(String, javascript: String)
  /// A page could not be loaded.
  case navigation(String, reason: String)
  /// A condition stayed false; `text` is what the page showed at last, `exception` what the condition
  /// threw at last.
  case condition(String, seconds: Double, text: String, exception: String?)
  /// An element is missing, or cannot be used.
  case element(String, problem: String)

  /// One sentence.
  package var description: String {
    switch self {
    case .notInstalled:
      "No Chromium is installed: put chromium, chromium-browser or google-chrome on the PATH."
    case .launch(let reason, let output):
      "Chromium did not start: \(reason)"
        + (output.isEmpty ? "." : ", and printed: \(output.suffix(2000)).")
    case .closed(let method, let reason):
      "The connection to Chromium ended before the reply to \(method): \(reason)."
    case .noReply(let method):
      "Chromium did not answer \(method) within \(Int(Browser.patience)) seconds."
    case .command(let method, let message): "Chromium refused \(method): \(message)."
    case .exception(let text, let javascript):
      "The page threw “\(text)” in `\(javascript.prefix(300))`."
    case .result(let problem, let javascript):
      "The result of `\(javascript.prefix(300))` is not as expected: \(problem)."
    case .navigation(let address, let reason): "\(address) did not load: \(reason)."
    case .condition(let javascript, let seconds, let text, let exception):
      "`\(javascript)` was still \(exception.map { "failing with “\($0)”" } ?? "false") after"
        + " \(seconds) seconds, and the page showed: \(Self.line(of: text))."
    case .element(let selector, let problem): "The element `\(selector)` \(problem)."
    }
  }

  private static func line(of text: String) -> Substring {
    text.split(whereSeparator: \.isNewline).joined(separator: " | ").prefix(2000)
  }
}
