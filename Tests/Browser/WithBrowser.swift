/// Runs a test with a browser of its own, which ends with the test, also if it throws.
///
/// - Throws: what `Browser.launch` or `body` throws.
package func withBrowser<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: (Browser) async throws -> Result
) async throws -> Result {
  let browser = try await Browser.launch()
  do {
    let result = try await body(browser)
    await browser.close()
    return result
  } catch {
    await browser.close()
    throw error
  }
}
