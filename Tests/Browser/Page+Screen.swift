package import Foundation

extension Page {
  /// Sets the size of the window in pixels. A mobile page has a touch screen and obeys its viewport tag.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`.
  package func setViewport(width: Int, height: Int, isMobile: Bool = false) async throws {
    try await send(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": .number(Double(width)), "height": .number(Double(height)),
        "deviceScaleFactor": 1, "mobile": .bool(isMobile),
      ])
    try await send("Emulation.setTouchEmulationEnabled", ["enabled": .bool(isMobile)])
  }

  /// Tells the page whether the person prefers light or dark colours.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`.
  package func setColorScheme(_ scheme: ColorScheme) async throws {
    try await send(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": .string(scheme.rawValue)]]])
  }

  /// A PNG of the viewport, or of the whole page.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`.
  package func screenshot(fullPage: Bool = false) async throws -> Data {
    struct Screenshot: Decodable { let data: Data }
    return try await send(
      "Page.captureScreenshot", ["format": "png", "captureBeyondViewport": .bool(fullPage)],
      as: Screenshot.self
    ).data
  }

  /// What assistive technology reads, in the order of the page.
  ///
  /// - Throws: `BrowserError.command`, `.noReply`, `.closed`.
  package func accessibilityTree() async throws -> [AccessibilityNode] {
    struct Tree: Decodable { let nodes: [AccessibilityNode] }
    return try await send("Accessibility.getFullAXTree", as: Tree.self).nodes
  }

  /// Runs the source of a library, which the page's Content-Security-Policy does not prevent.
  ///
  /// - Throws: `BrowserError.exception`, `.command`, `.noReply`, `.closed`.
  package func addScript(_ source: String) async throws { try await evaluate(source) }
}
