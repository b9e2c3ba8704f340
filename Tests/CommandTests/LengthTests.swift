import Foundation
import Testing

extension CommandTests {
  /// A run keeps the length that it was last started with, even if no checkpoint has it yet.
  @Suite struct LengthTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// A finished run of four steps, whose extension to nine was killed before its first checkpoint.
    private func killExtension(_ schedule: String) throws {
      let trained = try workspace.run(
        Workspace.training(
          steps: 4, "--checkpoint-every", "0", "--learning-rate-schedule", schedule))
      #expect(trained.code == 0, "\(trained.messages)")
      let killed = try Program.run(
        ["resume", "1", "--steps", "9"], in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "step@3=kill"])
      #expect(killed.code == -SIGKILL, "\(killed.messages)")
      let run = try workspace.show()
      #expect(run.checkpoints.map(\.step) == [4] && (run.status, run.steps) == ("interrupted", 9))
    }

    private func expectExtended(_ outcome: Program.Outcome) throws {
      #expect(outcome.code == 0, "\(outcome.messages)")
      let run = try workspace.show()
      #expect((run.id, run.status, run.step, run.steps) == (1, "finished", 9, 9))
      #expect(outcome.messages.contains("Resuming run 1 from step 4.\n"))
      #expect(!outcome.messages.contains("another number of steps"), "\(outcome.messages)")
    }

    @Test(
      "An extension that was killed before its first checkpoint is resumed by train without --steps"
    )
    func trained() throws {
      try killExtension("constant")
      try expectExtended(
        workspace.run(Workspace.training(steps: nil, "--checkpoint-every", "0")))
    }

    @Test(
      "An extension with another schedule is resumed by every command, and is not exact",
      arguments: [
        ["resume", "1"], ["resume", "1", "--steps", "9"],
        Workspace.training(
          steps: 9, "--checkpoint-every", "0", "--learning-rate-schedule", "cosine"),
      ])
    func scheduled(command: [String]) throws {
      try killExtension("cosine")
      let outcome = try workspace.run(command)
      try expectExtended(outcome)
      #expect(
        outcome.messages.contains(
          "Note: Run 1 resumes with changed settings (steps: 4 -> 9), so it is no longer exact.\n"))
      #expect(try workspace.run("show", "1", "--json").results.contains("\"exact\" : false"))
    }

    @Test(
      "A change that was allowed need not be allowed again after a kill; another change must be")
    func allowedBefore() throws {
      let first = try Program.run(
        Workspace.training(steps: 40, "--checkpoint-every", "2"), in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "step@50=kill"])
      #expect(first.code == -SIGKILL, "\(first.messages)")
      let seeded = Workspace.training(steps: 40, "--checkpoint-every", "0", "--seed", "7")
      let killed = try Program.run(
        seeded + ["--allow-change", "seed"], in: workspace.url,
        environment: ["LORA_TRAIN_FAILPOINT": "step@2=kill"])
      #expect(killed.code == -SIGKILL, "\(killed.messages)")
      let other = try workspace.run(Workspace.training(steps: 40, "--seed", "8"))
      #expect(other.code == 65 && other.lastMessage.contains("(seed: 42 -> 8)"))
      let resumed = try workspace.run(seeded)
      #expect(resumed.code == 0, "\(resumed.messages)")
      #expect(resumed.messages.contains("(seed: 42 -> 7), so it is no longer exact."))
    }

    @Test("Without --steps, a resume is checked against the steps of the run")
    func warmUp() throws {
      let warmUp = ["--learning-rate-warmup-steps", "1500", "--max-minutes", "0.00001"]
      #expect(try workspace.run(Workspace.training(steps: 2000) + warmUp).code == 130)
      let resumed = try workspace.run(Workspace.training(steps: nil) + warmUp)
      #expect(resumed.code == 130, "\(resumed.messages)")
      #expect(try workspace.show().steps == 2000)
      let new = try workspace.run(Workspace.training(steps: nil, "--new") + warmUp)
      #expect(new.code == 64)
      #expect(new.lastMessage.contains("from 0 to the 1000 steps of the run"))
    }

    @Test("epochs: null in the subject's file sets no length")
    func nullEpochs() throws {
      try workspace.write("epochs: null\n", to: "Configs/cube.yaml")
      #expect(
        try workspace.run(Workspace.training(steps: 60, "--max-minutes", "0.00001")).code == 130)
      let resumed = try workspace.run(
        Workspace.training(steps: nil, "--max-minutes", "0.00001"))
      #expect(resumed.code == 130)
      #expect(!resumed.messages.contains("another number of steps"), "\(resumed.messages)")
      #expect(try workspace.show().steps == 60)
    }
  }
}
