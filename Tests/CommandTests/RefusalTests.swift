import Files
import Foundation
import Testing

extension CommandTests {
  /// A run is only resumed if it would be the same training.
  @Suite struct RefusalTests {
    /// A workspace with a run that was stopped during its 200 steps.
    private static let stopped = Result { () throws -> Workspace in
      let workspace = try Workspace(isShared: true)
      let training = try Program.start(command(), in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000002"))
      training.send(SIGINT)
      _ = try training.wait()
      return workspace
    }

    private let workspace: Workspace

    init() throws { workspace = try Workspace(copyOf: Self.stopped.get().url) }

    private static func command(_ more: String...) -> [String] {
      Workspace.training(steps: 200, "--checkpoint-every", "2") + more
    }

    @Test("Changed settings, captions and images are named; without changes, the run is resumed")
    func changes() throws {
      try expectRefusal(
        "rank: 4 -> 8; alpha: 4 -> 8", Self.command("--rank", "8"), canBeAllowed: false)
      try expectRefusal("seed: 42 -> 7", Self.command("--seed", "7"))

      try workspace.write("a cube", to: "Datasets/cube/1.txt")
      try expectRefusal("caption of 1.png: \"a photo of cube, number 1\" -> \"a cube\"")
      try workspace.write("a photo of cube, number 1", to: "Datasets/cube/1.txt")

      try workspace.write(workspace.image(5), to: "Datasets/cube/1.png")
      try workspace.write(workspace.image(6), to: "Datasets/cube/3.png")
      try workspace.write("a photo of cube", to: "Datasets/cube/3.txt")
      try expectRefusal("image 1.png: content # -> #; image 3.png: added")
      try workspace.write(workspace.image(1), to: "Datasets/cube/1.png")
      try FileManager.default.removeItem(at: workspace.file("Datasets/cube/3.png"))

      let done = try workspace.show().step
      let training = try Program.start(Self.command(), in: workspace.url)
      try training.waitForMessage("Resuming run 1 from step \(done).")
      training.send(SIGINT)
      #expect(try training.wait().code == 130)
    }

    @Test("A changed base model is refused under any name")
    func otherModel() throws {
      let copy = workspace.file("model")
      try FileManager.default.copyItem(at: URL(filePath: Workspace.model), to: copy)
      let config = copy.appending(path: "scheduler/scheduler_config.json")
      let text = try String(contentsOf: config, encoding: .utf8)
      try (text + "\n").write(to: config, atomically: true, encoding: .utf8)
      try expectRefusal(
        "base model's scheduler: content # -> #", Self.command("--model", copy.path))
    }

    @Test("A resumed run keeps its number of threads; another number is refused")
    func threads() throws {
      try expectRefusal("threads: 1 -> 2", Self.command("--threads", "2"))
      try expectRefusal("threads: 1 -> 2", ["resume", "1", "--threads", "2"])
      for command in [Self.command(), ["resume", "--device", "cpu"]] {
        let training = try Program.start(
          command, in: workspace.url, environment: ["OMP_NUM_THREADS": "2"])
        try training.waitForMessage("Resuming run 1 from step ")
        training.send(SIGINT)
        #expect(try training.wait().code == 130)
      }
    }

    @Test("Another libtorch rounds differently, and is refused on a CPU")
    func otherLibtorch() throws {
      let version = try rewriteState("\"libtorch\":\"([^\"]+)\"", "\"libtorch\":\"1.0.0\"")
      try expectRefusal("libtorch: 1.0.0 -> \(version)")
    }

    @Test("A run of another version of the program is refused with its format")
    func otherVersion() throws {
      _ = try rewriteState("\"format\":([0-9]+)", "\"format\":99")
      for arguments in [Self.command(), ["resume"]] {
        let outcome = try workspace.run(arguments)
        #expect(outcome.code == 65)
        #expect(outcome.lastMessage.contains("has format 99, which this version does not read"))
      }
    }

    /// Changes the newest checkpoint's state and its manifest. Returns the old value.
    private func rewriteState(_ pattern: String, _ replacement: String) throws -> String {
      let done = try workspace.show().step
      let name = "step-" + String(repeating: "0", count: 6 - "\(done)".count) + "\(done)"
      let folder = workspace.file("Checkpoints/cube/run-1/\(name)")
      let file = folder.appending(path: "state.json")
      let state = try String(contentsOf: file, encoding: .utf8)
      let pattern = try Regex(pattern)
      let old = try #require(state.firstMatch(of: pattern)?[1].substring)
      let before = try ContentHash.of(fileAt: file)
      try state.replacing(pattern, with: replacement)
        .write(to: file, atomically: true, encoding: .utf8)
      let manifest = folder.appending(path: "manifest.json")
      let hashes = try String(contentsOf: manifest, encoding: .utf8)
      try hashes.replacing(before, with: ContentHash.of(fileAt: file))
        .write(to: manifest, atomically: true, encoding: .utf8)
      return String(old)
    }

    @Test("Fewer steps than the run has done are refused")
    func fewerSteps() throws {
      let done = try workspace.show().step
      let outcome = try workspace.run(Workspace.training(steps: 1, "--checkpoint-every", "2"))
      #expect(outcome.code == 64)
      #expect(
        outcome.lastMessage
          == "lora-train: --steps is 1, but the run has already done \(done) steps; set --steps to "
          + "more, or start a new run with --new.")
    }

    @Test("--new starts another run; the first command still resumes the first run")
    func new() throws {
      let before = try workspace.files(below: "Checkpoints/cube/run-1")
      let outcome = try workspace.run(Workspace.training(steps: 2, "--rank", "8", "--new"))
      #expect(outcome.code == 0)
      #expect(outcome.results == "Checkpoints/cube/run-2/step-000002/adapter.safetensors\n")
      #expect(try workspace.files(below: "Checkpoints/cube/run-1") == before)
      #expect(try workspace.show().id == 2)

      let training = try Program.start(Self.command(), in: workspace.url)
      try training.waitForMessage("Resuming run 1 from step ")
      training.send(SIGINT)
      #expect(try training.wait().code == 130)
    }

    private func expectRefusal(
      _ changes: String, _ arguments: [String] = command(), canBeAllowed: Bool = true
    ) throws {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == 65)
      #expect(
        withoutHashes(outcome.lastMessage)
          == "lora-train: Run 1 cannot be resumed, because its training would change (\(changes)); "
          + "undo the change, " + (canBeAllowed ? "allow it with --allow-change, " : "")
          + "or start a new run with --new.")
    }
  }
}
