import Testing

@testable import Workspace

@Suite("Shell scripts of other programs")
struct ShellScriptTests {
  @Test("A script's quotation marks, variables and continued lines are read as a shell reads them")
  func words() throws {
    let script = try ShellScript(
      """
      A=1 # one
      export B="x y"
      run --a=$A --b "${B}z" 'c $A' d\\ e \\
        f"g"'h' # comment
      second ; third "two
      lines"
      """, name: "s")
    #expect(
      script.commands.map { $0.map(\.text) } == [
        ["run", "--a=1", "--b", "x yz", "c $A", "d e", "fgh"], ["second"], ["third", "two\nlines"],
      ])
    #expect(script.commands.map { $0.map(\.line) } == [[3, 3, 3, 3, 3, 3, 4], [5], [5, 5]])
  }
}
