import Foundation
import Images
import Testing

extension CommandTests {
  /// The database indexes the run folders. It is not the only copy of anything.
  @Suite struct RecordsTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("Listing no runs creates no file")
    func nothing() throws {
      let runs = try workspace.run("runs", "--json")
      #expect(runs.code == 0)
      #expect(runs.results == "[\n\n]\n")
      #expect(
        try workspace.run("runs").messages
          == "Checkpoints does not exist, so there are no runs; give "
          + "another folder with --root, or start a run with --subject.\n")
      #expect(!FileManager.default.fileExists(atPath: workspace.file("Checkpoints").path))
    }

    @Test("Without the database, show has the same records, and an interrupted run is resumed")
    func databaseLost() throws {
      _ = try workspace.run(
        Workspace.training(
          steps: 4, "--sample-every", "2", "--sample-steps", "1", "--checkpoint-every", "2"))
      let before = try workspace.show()
      try loseDatabase()
      let listed = try workspace.run("runs")
      #expect(
        listed.messages
          == "Note: Checkpoints/cube/run-1 is not recorded in Checkpoints/runs.sqlite; it is read from "
          + "its folder, and the next training records it.\n")
      #expect(
        !FileManager.default.fileExists(atPath: workspace.file("Checkpoints/runs.sqlite").path))
      let after = try workspace.show()
      #expect(after.status == "finished")
      #expect(after.losses == before.losses)
      #expect(after.checkpoints.map(\.sha256) == before.checkpoints.map(\.sha256))
      #expect(after.samples.map(\.path) == before.samples.map(\.path))

      let training = try Program.start(
        Workspace.training(steps: 200, "--checkpoint-every", "2", "--new"), in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-2/step-000002"))
      training.send(SIGTERM)
      let stopped = try training.wait()
      #expect(
        stopped.messages.contains(
          "Note: Checkpoints/cube/run-1 was not recorded; it is recorded now.\n"))
      let done = try workspace.show().step
      try loseDatabase()
      let resumed = try Program.start(["resume"], in: workspace.url)
      try resumed.waitForMessage("Resuming run 2 from step \(done).")
      resumed.send(SIGTERM)
      #expect(try resumed.wait().code == 130)
    }

    @Test("show names a checkpoint that was copied from another run")
    func copiedCheckpoint() throws {
      for new in [[], ["--new", "--seed", "7"]] {
        _ = try workspace.run(Workspace.training(steps: 1) + new)
      }
      let runs = ["1", "2"].map { workspace.file("Checkpoints/cube/run-\($0)/step-000001") }
      try FileManager.default.removeItem(at: runs[0])
      try FileManager.default.copyItem(at: runs[1], to: runs[0])
      let shown = try workspace.run("show", "1")
      #expect(shown.code == 0)
      #expect(
        shown.messages
          == "Note: Checkpoints/cube/run-1/step-000001 is not a checkpoint of run 1, but one of run 2; "
          + "move it out of the folder, or put the checkpoint of run 1 back.\n")
    }

    @Test("A run with a damaged checkpoint is listed with the others; the damaged one is named")
    func damagedCheckpoint() throws {
      _ = try workspace.run(Workspace.training(steps: 4, "--checkpoint-every", "2"))
      try workspace.write("damage", to: "Checkpoints/cube/run-1/step-000002/state.json")
      try loseDatabase()
      let listed = try workspace.run("runs")
      #expect(
        listed.messages.contains(
          "Note: The checkpoint Checkpoints/cube/run-1/step-000002 is damaged: the hash of "
            + "state.json is wrong"))
      #expect(try workspace.show().checkpoints.map(\.step) == [4])
    }

    @Test("The root can have spaces and any letters in its path")
    func root() throws {
      for root in ["my runs/größe 犬", workspace.file("absolute root").path] {
        let outcome = try workspace.run(Workspace.training(steps: 1, "--root", root))
        #expect(outcome.results == "\(root)/cube/run-1/step-000001/adapter.safetensors\n")
        let shown = try workspace.run("show", "1", "--root", root, "--json")
        let run = try JSONDecoder().decode(RunReport.self, from: Data(shown.results.utf8))
        #expect(run.path == "\(root)/cube/run-1")
      }
      #expect(!FileManager.default.fileExists(atPath: workspace.file("Checkpoints").path))
    }

    @Test("An installed base model is the default, and is found again from another folder")
    func installedModel() throws {
      try FileManager.default.createDirectory(
        at: workspace.file("Checkpoints/base"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        at: URL(filePath: Workspace.model), to: workspace.file("Checkpoints/base/demo"))
      let training = try workspace.run(
        "--subject", "cube", "--steps", "1", "--resolution", "64", "--sample-every", "0")
      #expect(training.code == 0, "\(training.messages)")
      #expect(
        training.messages.hasPrefix(
          "Using the base model demo, since sdxl is not installed.\n"))
      let drawing = try Program.run(
        [
          "generate", "--prompt", "a cube", "--run", "1", "--steps", "1", "--root",
          "../Checkpoints",
        ],
        in: workspace.file("Datasets"))
      #expect(drawing.code == 0, "\(drawing.messages)")
    }

    @Test("A closed pipe does not stop the training")
    func brokenPipe() throws {
      let arguments = Workspace.training(steps: 3).map { "'\($0)'" }.joined(separator: " ")
      let shell = try RunningProgram(
        URL(filePath: "/bin/sh"),
        ["-c", "'\(Program.executable.path)' \(arguments) 2>&1 | head -n 1"], in: workspace.url,
        environment: [:])
      _ = try shell.wait()
      #expect(try workspace.show().status == "finished")
    }

    @Test("doctor reports a missing base model, and what to do")
    func doctor() throws {
      let missing = try workspace.run("doctor", "--json")
      #expect(missing.code == 66)
      #expect(
        missing.results.contains(
          "There is no base model: install SDXL with lora-train models pull sdxl"))
      let present = try workspace.run("doctor", "--model", Workspace.model)
      #expect(present.code == 0)
      #expect(present.results.split(separator: "\n").allSatisfy { $0.hasPrefix("ok ") })
      let formats = ImageFormat.readable.map(\.rawValue).joined(separator: ", ")
      #expect(present.results.contains("images      \(formats);"))
    }

    private func loseDatabase() throws {
      for ending in ["", "-wal", "-shm"] {
        let file = workspace.file("Checkpoints/runs.sqlite\(ending)")
        guard FileManager.default.fileExists(atPath: file.path) else { continue }
        try FileManager.default.removeItem(at: file)
      }
    }
  }
}
