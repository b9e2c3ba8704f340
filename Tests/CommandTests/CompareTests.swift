import Foundation
import Images
import TestSupport
import Testing

extension CommandTests {
  /// Checkpoints side by side.
  @Suite struct CompareTests {
    private static let refiner = Repository.golden.appending(path: "tiny-refiner").path
    private static let prompts = ["a photo of cube", "cube & <b>friends</b>"]

    /// A run of four steps with two checkpoints, validated at both.
    private static let trained = Result { () throws -> Workspace in
      let workspace = try Workspace(isShared: true)
      try workspace.write(workspace.image(7), to: "Datasets/cube/validation/7.png")
      let outcome = try workspace.run(
        Workspace.training(
          steps: 4, "--checkpoint-every", "2", "--validate-every", "2", "--learning-rate", "0.01",
          "--threads", "1"))
      #expect(outcome.code == 0, "\(outcome.messages)")
      return workspace
    }

    private let workspace: Workspace

    init() throws { workspace = try Workspace(copyOf: Self.trained.get().url) }

    private func compare(_ more: String...) throws -> Program.Outcome {
      try workspace.run(
        ["compare", "--prompt", Self.prompts[0], "--prompt", Self.prompts[1], "--steps", "2"]
          + ["--device", "cpu"] + more)
    }

    /// The pictures in a page, by row and column.
    private func pictures(_ page: String) throws -> [[RGBImage]] {
      let html = try String(contentsOf: workspace.file(page), encoding: .utf8)
      var rows: [[RGBImage]] = []
      let cell = /data-row="(\d+)" data-column="(\d+)" src="data:image\/png;base64,([^"]*)"/
      for match in html.matches(of: cell) {
        let data = try #require(Data(base64Encoded: String(match.3)))
        if Int(match.1) == rows.count { rows.append([]) }
        rows[rows.count - 1].append(try ImageDecoder.decode(data))
      }
      return rows
    }

    private func kept() throws -> [String: Date] {
      let folder = workspace.file("Checkpoints/cache/pictures")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      return Dictionary(
        uniqueKeysWithValues: try names.map { name in
          let path = folder.appending(path: name).path
          let attributes = try FileManager.default.attributesOfItem(atPath: path)
          return (name, try #require(attributes[.modificationDate] as? Date))
        })
    }

    @Test("A checkpoint is compared although a newer one is damaged")
    func damagedNewer() throws {
      try workspace.write("damage", to: "Checkpoints/cube/run-1/step-000004/state.json")
      let outcome = try compare("1@2", "--seed", "3", "--steps", "1")
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(!outcome.messages.contains("damaged"))
    }

    @Test("The page has the base and every checkpoint, with the pictures that generate draws")
    func page() throws {
      let outcome = try compare("--seed", "3", "--seed", "4")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let folder = "Checkpoints/cube/run-1/comparison"
      #expect(outcome.results == "\(folder)/index.html\n\(folder)/sheet.png\n")
      #expect(outcome.messages.contains("has the lowest validation loss of 2 checkpoints"))
      let rows = try pictures("\(folder)/index.html")
      #expect(rows.map(\.count) == [3, 3, 3, 3])
      for (number, adapter) in [[], ["--run", "1@2"], ["--run", "1@4"]].enumerated() {
        let drawn = try workspace.run(
          [
            "generate", "--model", Workspace.model, "--prompt", Self.prompts[1], "--seed", "4",
            "--steps", "2", "--width", "64", "--height", "64", "--device", "cpu", "--output",
            "\(number).png",
          ] + adapter)
        #expect(drawn.code == 0, "\(drawn.messages)")
        let alone = try ImageDecoder.decode(contentsOf: workspace.file("\(number).png"))
        #expect(rows[3][number] == alone)
      }
      #expect(rows[3][0] != rows[3][2])
      let html = try String(contentsOf: workspace.file("\(folder)/index.html"), encoding: .utf8)
      #expect(html.contains("cube &amp; &lt;b&gt;friends") && html.contains("<svg"))
      let sheet = try ImageDecoder.decode(contentsOf: workspace.file("\(folder)/sheet.png"))
      #expect(sheet.width == 12 + 200 + 12 + 3 * (160 + 12))
    }

    @Test("Cached pictures are not drawn again; only new ones are added")
    func reuse() throws {
      _ = try compare("1@4", "--seed", "3", "--output", "a")
      let first = try kept()
      #expect(first.count == 2 * 2)
      let page = try Data(contentsOf: workspace.file("a/index.html"))
      _ = try compare("1@4", "--seed", "3", "--output", "a")
      #expect(try kept() == first && Data(contentsOf: workspace.file("a/index.html")) == page)
      _ = try compare("1", "--seed", "3", "--strength", "1", "--strength", "0.5", "--output", "b")
      let second = try kept()
      #expect(second.count == 2 * 5)
      #expect(first.allSatisfy { second[$0.key] == $0.value })
      #expect(try pictures("b/index.html").map(\.count) == [5, 5])
      // Checkpoints named one by one are compared as checkpoints of one run.
      let named = try compare("1@4", "1@2", "1@4", "--no-base", "--seed", "3", "--output", "c")
      #expect(named.messages.contains("lowest validation loss of 2 checkpoints"))
      #expect(try pictures("c/index.html").map(\.count) == [2, 2])
      #expect(try kept() == second)

      // A damaged picture is drawn again with the same bytes.
      let name = try #require(first.keys.first)
      try workspace.write("damage", to: "Checkpoints/cache/pictures/\(name)")
      #expect(try workspace.run("cache", "verify").code == 65)
      _ = try compare("1@4", "--seed", "3", "--output", "a")
      #expect(try Data(contentsOf: workspace.file("a/index.html")) == page)
      #expect(try workspace.run("cache", "verify").code == 0)
    }

    @Test("With a refiner, each column has a refined column beside it")
    func refined() throws {
      let outcome = try compare("1@4", "--seed", "3", "--refiner", Self.refiner, "--output", "r")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let rows = try pictures("r/index.html")
      #expect(rows.map(\.count) == [4, 4])
      #expect(Set(rows[0].map(\.pixels)).count == 4)
      let html = try String(contentsOf: workspace.file("r/index.html"), encoding: .utf8)
      #expect(html.contains("base, refiner") && html.contains("run 1, step 4, refiner"))
    }

    @Test(
      "Comparisons that cannot be drawn are refused",
      arguments: [
        (["9"], 66, "There is no run 9"), (["1@3"], 66, "choose one of 2, 4"),
        (["x"], 64, "give the number of a run"),
        (["1", "--strength", "nan"], 64, "--strength is nan"),
        (["1", "--scheduler", "magic"], 64, "--scheduler is \"magic\""),
        (["1", "--refiner", Workspace.model], 65, "this is a base model"),
        (["1", "--width", "70"], 64, "positive multiples of 8"),
      ])
    func refusals(_ arguments: [String], code: Int32, sentence: String) throws {
      let outcome = try workspace.run(["compare", "--steps", "2", "--device", "cpu"] + arguments)
      #expect(outcome.code == code && outcome.messages.contains(sentence), "\(outcome.messages)")
      #expect(outcome.results.isEmpty)
    }
  }
}
