package import Foundation

/// A headless Chromium, driven over the DevTools protocol.
package final class Browser: Sendable {
  /// The most seconds that a test waits for Chromium or for a page. Only a failure takes that long, and
  /// a machine may have much else to do.
  package static let patience = 120.0

  private let process: BrowserProcess
  private let connection: Connection

  private init(_ process: BrowserProcess, _ connection: Connection) {
    self.process = process
    self.connection = connection
  }

  /// The first of chromium, chromium-browser and google-chrome on the PATH, nil without any.
  package static var executable: URL? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return ["chromium", "chromium-browser", "google-chrome"].lazy.flatMap { name in
      folders.map { URL(filePath: String($0)).appending(path: name) }
    }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Starts Chromium in a new temporary folder. Whoever calls it also calls `close`, so prefer
  /// `withBrowser`.
  ///
  /// - Throws: `BrowserError.notInstalled`, `.launch`.
  package static func launch() async throws -> Browser {
    guard let executable else { throw BrowserError.notInstalled }
    let process = try BrowserProcess(executable)
    do {
      let address = try await process.address()
      let connection = try await Connection(to: address)
      return Browser(process, connection)
    } catch {
      await process.end()
      throw error
    }
  }

  /// Opens a page at `about:blank`, 1280 by 800 pixels.
  ///
  /// - Parameter other: a page whose cookies and storage the new one shares. Without it the page has its
  ///   own, so that tests can share a browser.
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`.
  package func newPage(beside other: Page? = nil) async throws -> Page {
    struct Context: Decodable { let browserContextId: String }
    struct Target: Decodable { let targetId: String }
    struct Session: Decodable { let sessionId: String }
    var context = other?.context
    if context == nil {
      context = try await connection.send("Target.createBrowserContext", as: Context.self)
        .browserContextId
    }
    // A page that shares a window would be hidden, and is not drawn.
    let target = try await connection.send(
      "Target.createTarget",
      [
        "url": "about:blank", "browserContextId": .string(context ?? ""), "newWindow": true,
      ], as: Target.self
    ).targetId
    let session = try await connection.send(
      "Target.attachToTarget", ["targetId": .string(target), "flatten": true], as: Session.self)
    let page = Page(connection, context: context ?? "", target: target, session: session.sessionId)
    try await page.prepare()
    return page
  }

  /// Ends Chromium and removes its folder.
  package func close() async {
    await connection.close()
    await process.end()
  }
}
