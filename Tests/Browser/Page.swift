/// A page of a browser.
package final class Page: Sendable {
  /// The cookies and storage it has.
  let context: String

  private let connection: Connection
  private let target: String
  private let session: String
  private let log = PageLog()

  /// Takes a target that is attached.
  init(_ connection: Connection, context: String, target: String, session: String) {
    self.connection = connection
    self.context = context
    self.target = target
    self.session = session
  }

  /// Switches on the events and the behaviour that tests rely on.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`.
  func prepare() async throws {
    let (connection, log, session) = (connection, log, session)
    connection.listen(to: session) { event in
      log.receive(event)
      if event.method == "Page.javascriptDialogOpening" {
        try? connection.post("Page.handleJavaScriptDialog", ["accept": true], session: session)
      }
    }
    for domain in ["Page", "Runtime", "Log"] { try await send("\(domain).enable") }
    try await send("Page.setLifecycleEventsEnabled", ["enabled": true])
    // Several pages at once believe that they have the focus.
    try await send("Emulation.setFocusEmulationEnabled", ["enabled": true])
    try await setViewport(width: 1280, height: 800)
  }

  /// What `console.error`, exceptions that nothing caught and the browser itself, such as about the
  /// Content-Security-Policy, reported since the last `goto`.
  package var consoleErrors: [String] { log.errors }

  /// The messages of the dialogs that opened since the last `goto`. Each is accepted at once.
  package var dialogs: [String] { log.dialogs }

  /// Opens an address and waits for its load event.
  ///
  /// - Throws: `BrowserError.navigation`, `.command`, `.noReply`, `.closed`.
  package func goto(_ address: String) async throws {
    struct Navigation: Decodable {
      let loaderId: String?
      let errorText: String?
    }
    log.clear()
    let navigation = try await send("Page.navigate", ["url": .string(address)], as: Navigation.self)
    if let reason = navigation.errorText {
      throw BrowserError.navigation(address, reason: reason)
    }
    // An address that differs only in its fragment loads nothing.
    guard let loader = navigation.loaderId else { return }
    try await poll(seconds: Browser.patience) {
      log.hasLoaded(loader)
    } orThrow: {
      BrowserError.navigation(
        address, reason: "there was no load event within \(Int(Browser.patience)) seconds")
    }
  }

  /// Evaluates an expression, and awaits it if it is a promise.
  ///
  /// - Throws: `BrowserError.exception` with what the page threw, `.result` if the value is no `Value`,
  ///   `.command`, `.noReply`, `.closed`.
  package func evaluate<Value: Decodable>(
    _ javascript: String, as type: Value.Type
  ) async throws -> Value {
    let evaluation: Evaluation<Value>
    do {
      evaluation = try await send(
        "Runtime.evaluate",
        [
          "expression": .string(javascript), "awaitPromise": true, "returnByValue": true,
          "userGesture": true,
        ], as: Evaluation<Value>.self)
    } catch is DecodingError {
      throw BrowserError.result("it is no \(Value.self)", javascript: javascript)
    }
    if let details = evaluation.exceptionDetails {
      throw BrowserError.exception(details.summary, javascript: javascript)
    }
    guard let value = evaluation.value else {
      throw BrowserError.result("there is no value", javascript: javascript)
    }
    return value
  }

  /// Evaluates statements, and awaits the last if it is a promise.
  ///
  /// - Throws: `BrowserError.exception` with what the page threw, `.command`, `.noReply`, `.closed`.
  package func evaluate(_ javascript: String) async throws {
    struct Evaluation: Decodable { let exceptionDetails: ExceptionDetails? }
    let evaluation = try await send(
      "Runtime.evaluate",
      ["expression": .string(javascript), "awaitPromise": true, "userGesture": true],
      as: Evaluation.self)
    if let details = evaluation.exceptionDetails {
      throw BrowserError.exception(details.summary, javascript: javascript)
    }
  }

  /// Sends a command of the DevTools protocol.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`.
  @discardableResult package func send(
    _ method: String, _ parameters: [String: JSON] = [:]
  ) async throws -> JSON {
    try await send(method, parameters, as: JSON.self)
  }

  /// Sends a command of the DevTools protocol whose result has a type.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`, `DecodingError`.
  package func send<Result: Decodable>(
    _ method: String, _ parameters: [String: JSON] = [:], as type: Result.Type
  ) async throws -> Result {
    try await connection.send(method, parameters, session: session, as: Result.self)
  }

  /// Closes the page.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`.
  package func close() async throws {
    _ = try await connection.send(
      "Target.closeTarget", ["targetId": .string(target)], as: JSON.self)
  }
}
