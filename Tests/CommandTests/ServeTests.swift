import Foundation
import Testing

extension CommandTests {
  /// The page that `serve` opens.
  @Suite struct ServeTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("Ctrl-C stops the page, without an error and with nothing to save")
    func interrupted() throws {
      let program = try Program.start(["serve", "--port", "0"], in: workspace.url)
      try program.waitForMessage("The studio is at")
      program.send(SIGINT)
      let outcome = try program.wait()
      #expect(outcome.code == 0)
      #expect(outcome.messages.contains("Stopping; Ctrl-C again stops at once."))
      #expect(!outcome.messages.contains("saving"))
    }
  }
}
