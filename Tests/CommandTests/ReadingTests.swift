import Foundation
import Testing

extension CommandTests {
  /// Commands that only read change nothing below the root, and work on a read-only root.
  @Suite struct ReadingTests {
    private static let commands = [
      ["runs"], ["runs", "--json"], ["show"], ["show", "1", "--json"], ["cache"],
      ["doctor", "--model", Workspace.model], ["dataset", "cube", "--model", Workspace.model],
    ]
    private static let drawing = ["--steps", "1", "--device", "cpu"]

    /// A workspace with a finished and an interrupted run.
    private static let trained = Result { () throws -> Workspace in
      let workspace = try Workspace(isShared: true)
      let finished = try workspace.run(Workspace.training(steps: 2, "--checkpoint-every", "1"))
      #expect(finished.code == 0, "\(finished.messages)")
      let killed = try Program.run(
        Workspace.training(steps: 4, "--checkpoint-every", "1", "--new"), in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "manifest:step-000003@1=kill"])
      #expect(killed.code == -SIGKILL)
      return workspace
    }

    private let workspace: Workspace

    init() throws { workspace = try Workspace(copyOf: Self.trained.get().url) }

    @Test("No file below the root is created or changed")
    func changesNothing() throws {
      let before = try contents()
      // The log of the killed process still exists.
      #expect(before.keys.contains("runs.sqlite-wal"))
      for command in Self.commands {
        let outcome = try workspace.run(command)
        #expect(outcome.code == 0, "\(command): \(outcome.messages)")
        #expect(try contents() == before, "\(command)")
      }
      #expect(try workspace.run("runs").results.contains("interrupted"))
      workspace.removeDatabase()
      let without = try contents()
      for command in Self.commands {
        #expect(try workspace.run(command).code == 0)
        #expect(try contents() == without, "\(command)")
      }
    }

    @Test("On a read-only root, reading and drawing work; training is refused with the reason")
    func readOnly() throws {
      let root = workspace.file("Checkpoints")
      guard
        try shell("mount", "--bind", root.path, root.path),
        try shell("mount", "-o", "remount,ro,bind", root.path)
      else {
        print("NOT TESTED: a read-only root, since nothing can be mounted here")
        return
      }
      defer { unmount(root) }
      for command in Self.commands {
        let outcome = try workspace.run(command)
        #expect(outcome.code == 0, "\(command): \(outcome.messages)")
      }
      let drawn = try workspace.run(
        ["generate", "--run", "latest", "--prompt", "a cube", "--output", "a.png"] + Self.drawing)
      #expect(drawn.code == 0 && drawn.results == "a.png\n", "\(drawn.messages)")
      let compared = try workspace.launch(
        ["compare", "1", "--output", "comparison"] + Self.drawing)
      #expect(compared.code == 0, "\(compared.messages)")
      let refused = try workspace.run(["compare", "1"] + Self.drawing)
      #expect(
        refused.code == 73 && refused.lastMessage.contains("Checkpoints/cube/run-1/comparison"))
      let training = try workspace.run(Workspace.training(steps: 4))
      #expect(training.code == 73, "\(training.messages)")
      #expect(training.lastMessage.contains("--root"))
    }

    @Test("Numbers do not depend on the locale")
    func locale() throws {
      let german = ["LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "LANGUAGE": "de"]
      for command in [["runs"], ["show", "1"], ["cache"]] {
        let outcome = try Program.run(command, in: workspace.url, environment: german)
        #expect(try outcome.results == workspace.run(command).results)
      }
    }

    @Test("If the newest checkpoint is missing, generate notes the older one that it uses")
    func newestGone() throws {
      let run = "Checkpoints/cube/run-1"
      try FileManager.default.removeItem(at: workspace.file("\(run)/step-000002"))
      let command = ["generate", "--run", "1", "--prompt", "a cube"] + Self.drawing
      let older = try workspace.run(command)
      #expect(older.code == 0)
      #expect(
        older.messages.contains(
          "Note: Run 1 has lost its checkpoint of step 2. The one of step 1 is used.\n"))
      try FileManager.default.removeItem(at: workspace.file("\(run)/step-000001"))
      let none = try workspace.run(command)
      #expect(none.code == 66)
      #expect(
        none.lastMessage
          == "lora-train: Run 1 has done 2 steps, but \(run) has no checkpoint; put the folder "
          + "back, or start a new run with --new.")
    }

    @Test("Drawing with a changed base model prints a note")
    func changedModel() throws {
      try FileManager.default.copyItem(
        at: URL(filePath: Workspace.model), to: workspace.file("model"))
      let trained = try workspace.run(
        Workspace.training(steps: 1, "--model", "model", "--new"))
      #expect(trained.code == 0, "\(trained.messages)")
      let draw = ["generate", "--run", "latest", "--prompt", "a cube"] + Self.drawing
      let compare = ["compare", "latest"] + Self.drawing
      for command in [draw, compare] {
        #expect(try !workspace.run(command).messages.contains("The base model is not"))
      }
      let config = workspace.file("model/scheduler/scheduler_config.json")
      let text = try String(contentsOf: config, encoding: .utf8)
      try (text + "\n").write(to: config, atomically: true, encoding: .utf8)
      for command in [draw, compare] {
        let outcome = try workspace.run(command)
        #expect(outcome.code == 0)
        #expect(
          withoutHashes(outcome.messages).contains(
            "Note: The base model is not the one that run 3 was trained on (base model's scheduler: "
              + "content # -> #); its adapter may look different on it.\n"))
      }
      let chosen = try workspace.run(draw + ["--model", "model"])
      #expect(!chosen.messages.contains("The base model is not"))
    }

    /// Every file below the root with its bytes and its modification date.
    private func contents() throws -> [String: [String]] {
      let root = workspace.file("Checkpoints")
      var contents: [String: [String]] = [:]
      for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
        let file = root.appending(path: path)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        let isFile = attributes[.type] as? FileAttributeType == .typeRegular
        let date = try #require(attributes[.modificationDate] as? Date)
        contents[path] = [
          "\(date.timeIntervalSince1970)",
          isFile ? try Data(contentsOf: file).base64EncodedString() : "",
        ]
      }
      return contents
    }

    private func unmount(_ folder: URL) {
      do {
        _ = try shell("umount", folder.path)
      } catch {
        Issue.record("\(folder.path) is still mounted: \(error)")
      }
    }

    private func shell(_ arguments: String...) throws -> Bool {
      try RunningProgram(
        URL(filePath: "/usr/bin/env"), arguments, in: workspace.url, environment: [:]
      ).wait().code == 0
    }
  }
}
