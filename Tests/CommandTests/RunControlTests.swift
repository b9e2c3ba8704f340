import Foundation
import Testing

extension CommandTests {
  /// Requests to a run while it trains and afterwards: time limits, checkpoints on demand, allowed
  /// changes, reruns.
  @Suite struct RunControlTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private static func long(_ more: String...) -> [String] {
      Workspace.training(steps: 400, "--checkpoint-every", "0") + more
    }

    @Test("--max-minutes saves and exits with 130")
    func maxMinutes() throws {
      let outcome = try workspace.launch(Self.long("--max-minutes", "0.05"))
      #expect(outcome.code == 130, "\(outcome.messages)")
      #expect(outcome.messages.contains("The 0.05 minutes of --max-minutes are over.\n"))
      let run = try workspace.show()
      #expect(run.status == "interrupted" && (0..<400).contains(run.step))
      let zero = try workspace.run(Self.long("--max-minutes", "0"))
      #expect(zero.code == 64)
      #expect(zero.lastMessage.hasPrefix("lora-train: --max-minutes is 0.0, but must be"))
    }

    @Test("SIGUSR1 saves a checkpoint, and the training continues")
    func onDemand() throws {
      let training = try Program.start(Self.long(), in: workspace.url)
      try training.waitForMessage("trained parameters")
      training.send(SIGUSR1)
      try training.waitForMessage("Checkpoint: Checkpoints/cube/run-1/step-")
      training.send(SIGINT)
      #expect(try training.wait().code == 130)
      #expect(try workspace.show().checkpoints.count == 2)
    }

    @Test(
      "--keep-last and --keep-every keep their checkpoints and the final one; the rest is gone")
    func retention() throws {
      let outcome = try workspace.run(
        Workspace.training(
          steps: 9, "--checkpoint-every", "1", "--keep-last", "2", "--keep-every", "4"))
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(try workspace.show().checkpoints.map(\.step) == [4, 8, 9])
      let names = try FileManager.default.contentsOfDirectory(
        atPath: workspace.file("Checkpoints/cube/run-1").path)
      #expect(
        names.filter { $0.contains("step") }.sorted()
          == ["step-000004", "step-000008", "step-000009"])
    }

    @Test("A change is allowed by its name and recorded; the run is no longer exact")
    func allowedChange() throws {
      let four = Workspace.training(steps: 4, "--checkpoint-every", "2")
      _ = try workspace.run(four)
      let more = Workspace.training(steps: 6, "--checkpoint-every", "2", "--seed", "7")
      // A finished run is not resumed, so this one is turned into an interrupted run.
      try FileManager.default.removeItem(at: workspace.file("Checkpoints/cube/run-1/step-000004"))
      workspace.removeDatabase()
      let refused = try workspace.run(more)
      #expect(refused.code == 65)
      #expect(refused.lastMessage.contains("(seed: 42 -> 7)"))
      let wrong = try workspace.run(more + ["--allow-change", "sead"])
      #expect(wrong.code == 64 && wrong.lastMessage.contains("; did you mean seed?"))
      let shape = try workspace.run(more + ["--rank", "2"])
      #expect(shape.code == 65 && !shape.lastMessage.contains("--allow-change"))
      for name in ["rank", "optimizer", "prodigy-d0"] {
        let fixed = try workspace.run(more + ["--allow-change", name])
        #expect(fixed.code == 64 && fixed.lastMessage.contains("which cannot change within a run"))
      }
      let outcome = try workspace.run(more + ["--allow-change", "seed"])
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        outcome.messages.contains(
          "Note: Run 1 resumes with changed settings (seed: 42 -> 7), so it is no longer exact.\n"))
      func expectRecorded() throws {
        let shown = try workspace.run("show", "1")
        #expect(shown.results.contains("no, it was resumed with changes"))
        #expect(shown.results.contains("changed: seed: 42 -> 7"))
        #expect(try workspace.run("show", "1", "--json").results.contains("\"exact\" : false"))
      }
      try expectRecorded()
      workspace.removeDatabase()
      try expectRecorded()
    }

    @Test("rerun gives the same adapter, or names the changes")
    func rerun() throws {
      _ = try workspace.run(Workspace.training(steps: 3, "--checkpoint-every", "2"))
      let same = try workspace.launch(["rerun", "1"])
      #expect(same.code == 0, "\(same.messages)")
      #expect(same.lastMessage.hasPrefix("Runs 1 and 2 have the same adapter, SHA-256 "))
      #expect(same.results == "Checkpoints/cube/run-2/step-000003/adapter.safetensors\n")
      try workspace.write("another caption", to: "Datasets/cube/1.txt")
      let other = try workspace.run("rerun", "1")
      #expect(other.code == 65)
      #expect(other.lastMessage.contains("caption of 1.png: "))
      #expect(try workspace.run("rerun", "9").code == 66)
    }

    @Test("A damaged newest checkpoint is reported, and the one before is resumed")
    func damage() throws {
      let command = Workspace.training(steps: 6, "--checkpoint-every", "2")
      _ = try workspace.run(command)
      let whole = try Data(
        contentsOf: workspace.file("Checkpoints/cube/run-1/step-000006/adapter.safetensors"))
      workspace.removeDatabase()
      let state = workspace.file("Checkpoints/cube/run-1/step-000006/state.json")
      let text = try String(contentsOf: state, encoding: .utf8)
      try text.replacing("\"step\":6", with: "\"step\":5").write(
        to: state, atomically: true, encoding: .utf8)
      let outcome = try workspace.run(command)
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(
        outcome.messages.contains("step-000006 is damaged: the hash of state.json is wrong"))
      #expect(outcome.messages.contains("Resuming run 1 from step 4.\n"))
      let again = try Data(
        contentsOf: workspace.file("Checkpoints/cube/run-1/step-000006/adapter.safetensors"))
      #expect(again == whole)
    }

    @Test("If all checkpoints are damaged, the run is refused and they are kept")
    func noneWhole() throws {
      let command = Workspace.training(steps: 6, "--checkpoint-every", "2")
      _ = try workspace.run(command)
      for step in ["step-000004", "step-000006"] {
        try FileManager.default.removeItem(at: workspace.file("Checkpoints/cube/run-1/\(step)"))
      }
      workspace.removeDatabase()
      #expect(try workspace.show().status == "interrupted")
      let optimizer = "Checkpoints/cube/run-1/step-000002/optimizer.safetensors"
      try workspace.write("damage", to: optimizer)
      let files = try workspace.files(below: "Checkpoints/cube")
      let outcome = try workspace.run(command)
      #expect(outcome.code == 65)
      #expect(
        outcome.lastMessage.contains("Run 1 cannot be resumed, because all its checkpoints")
          && outcome.lastMessage.contains("--new"))
      #expect(try workspace.files(below: "Checkpoints/cube") == files)
    }

    @Test("Leftovers of a killed process are removed with a note")
    func leftovers() throws {
      let command = Workspace.training(steps: 6, "--checkpoint-every", "2")
      let killed = try Program.run(
        command, in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "manifest:step-000004@1=kill"])
      #expect(killed.code == -SIGKILL)
      let outcome = try workspace.run(command)
      #expect(outcome.code == 0)
      #expect(
        outcome.messages.contains(
          "Note: Checkpoints/cube/run-1/.step-000004.tmp of a process that died was removed.\n"))
      #expect(outcome.messages.contains("Resuming run 1 from step 2.\n"))
    }
  }
}
