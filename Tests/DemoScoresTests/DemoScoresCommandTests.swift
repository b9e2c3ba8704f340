import Foundation
import TestSupport
import Testing

@Suite("The command demo-scores")
struct DemoScoresCommandTests {
  private func run(
    _ arguments: [String]
  ) throws -> (code: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "demo-scores")
    process.arguments = arguments
    process.currentDirectoryURL = Repository.root
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Both fit into the buffers of the pipes.
    process.waitUntilExit()
    func text(_ pipe: Pipe) throws -> String {
      String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
    return (process.terminationStatus, try text(output), try text(errors))
  }

  @Test("existing pictures are scored in one line")
  func line() throws {
    let outcome = try run(["--subject", "dhoni", "--pictures", "Datasets/dhoni/validation"])
    #expect(outcome.code == 0)
    #expect(outcome.output == "subject recognised in 4 of 4 pictures\n")
    #expect(outcome.errors.isEmpty)
  }

  @Test("--json gives one document with a finding for each file")
  func json() throws {
    let outcome = try run(
      ["--subject", "teapot", "--pictures", "Datasets/dhoni/validation", "--json"])
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    let score = try #require(document["score"] as? [String: Any])
    #expect(score["recognised"] as? Int == 0)
    #expect(score["pictures"] as? Int == 4)
    #expect(document["files"] as? [String] == ["01.png", "02.png", "03.png", "04.png"])
    let findings = try #require(document["findings"] as? [[String: Any]])
    #expect(findings.count == 4)
    #expect(findings[0]["background"] as? String == "green")
  }

  @Test("drawing stops once too many pictures lack the subject; the base can be left out")
  func atLeast() throws {
    let drawing = [
      "--subject", "dhoni", "--adapter", "Tests/Golden/adapters/kohya.safetensors",
      "--model", "Tests/Golden/tiny-sdxl", "--steps", "1", "--count", "4",
    ]
    let some = try run(drawing + ["--no-base", "--at-least", "3"])
    #expect(some.output.hasPrefix("subject recognised in 0 of 2 pictures; background right in "))
    let all = try run(drawing)
    #expect(all.output.hasPrefix("subject recognised in 0 of 4 pictures; base 0 of 4; background"))
  }

  @Test(
    "each error is one sentence that names its cause",
    arguments: [
      (["--subject", "messi", "--pictures", "Datasets/dhoni"], "messi"),
      (["--subject", "dhoni", "--pictures", "nowhere"], "There is no folder nowhere"),
      (["--subject", "dhoni", "--pictures", "Configs"], "contains no .png picture"),
      (["--subject", "dhoni", "--adapter", "none.safetensors"], "no adapter none.safetensors"),
      (["--subject", "dhoni"], "either --adapter or --pictures"),
      (["--subject", "dhoni", "--adapter", "a", "--pictures", "b"], "either --adapter"),
      (["--subject", "dhoni", "--adapter", "a", "--count", "0"], "--count is 0"),
      (
        ["--subject", "dhoni", "--adapter", "a", "--no-base", "--output", "b"],
        "leave out --no-base and --at-least"
      ),
    ])
  func errors(arguments: [String], message: String) throws {
    let process = try run(arguments)
    #expect(process.code != 0)
    #expect(process.output.isEmpty)
    #expect(process.errors.contains(message), "\(process.errors)")
  }
}
