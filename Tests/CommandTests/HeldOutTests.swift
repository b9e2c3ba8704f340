import Foundation
import Testing

extension CommandTests {
  /// The held-out loss from the command line.
  @Suite struct HeldOutTests {
    private let workspace: Workspace

    init() throws {
      workspace = try Workspace()
      try workspace.write(workspace.picture(7), to: "Datasets/cube/held-out/7.png")
      try workspace.write("a photo of cube", to: "Datasets/cube/held-out/7.txt")
    }

    @Test("It is said at each evaluation, recorded, shown, and found again without the database")
    func train() throws {
      let outcome = try workspace.run(Workspace.training(steps: 5, "--validate-every", "2"))
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("Run 1: 3 pictures of cube, 5 steps"))
      let run = try workspace.show()
      #expect(run.validation.map(\.step) == [0, 2, 4, 5])
      let lines = outcome.messages.split(separator: "\n").filter { $0.hasPrefix("Validation loss") }
      let expected = run.validation.map { evaluation in
        "Validation loss after step \(evaluation.step): \(String(format: "%.4f", evaluation.loss)) "
          + "(training images: \(String(format: "%.4f", evaluation.training_loss ?? .nan)))"
      }
      #expect(lines.map(String.init) == expected)

      let text = try workspace.run("show", "1").results.split(separator: "\n")
      #expect(text.contains { $0.hasPrefix("validation loss  ") && $0.contains(" at 0, ") })
      #expect(text.suffix(2)[text.count - 2].hasPrefix("Validation loss: lowest "))
      #expect(text.suffix(2)[text.count - 1].hasPrefix("Step 5 is the only checkpoint "))

      for ending in ["", "-wal", "-shm"] {
        let file = workspace.file("Checkpoints/runs.sqlite\(ending)")
        guard FileManager.default.fileExists(atPath: file.path) else { continue }
        try FileManager.default.removeItem(at: file)
      }
      #expect(try workspace.show().validation == run.validation)
    }

    @Test("A run that is interrupted and goes on records each value once, and the same")
    func interrupted() throws {
      let command = Workspace.training(
        steps: 40, "--checkpoint-every", "10", "--validate-every", "4")
      #expect(try workspace.run(command).code == 0)
      let straight = try workspace.show().validation
      #expect(straight.map(\.step) == Array(stride(from: 0, through: 40, by: 4)))

      let training = try Program.start(command + ["--new"], in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-2/step-000010"))
      training.send(SIGKILL)
      _ = try training.wait()
      let outcome = try workspace.run(command)
      #expect(outcome.code == 0)
      #expect(outcome.messages.contains("Going on with run 2 from step "))
      #expect(try workspace.show().validation == straight)
    }

    @Test("With other pictures, a run that goes on says so and begins a new curve")
    func swapped() throws {
      let command = Workspace.training(
        steps: 200, "--checkpoint-every", "2", "--validate-every", "2")
      let training = try Program.start(command, in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000002"))
      training.send(SIGINT)
      _ = try training.wait()
      let step = try workspace.show().step
      try workspace.write(workspace.picture(8), to: "Datasets/cube/held-out/7.png")
      let again = try Program.start(command, in: workspace.url)
      try again.waitForFile(
        workspace.file("Checkpoints/cube/run-1/\(name(of: step + 4 - step % 2))"))
      again.send(SIGINT)
      let outcome = try again.wait()
      #expect(
        withoutHashes(outcome.messages).contains(
          "Note: The held-out pictures are not those of the run so far (held-out picture 7.png: "
            + "content # -> #); the losses of those, up to step \(step), are dropped.\n"))
      let steps = try workspace.show().validation.map(\.step)
      #expect(!steps.isEmpty && steps.allSatisfy { $0 >= step }, "\(steps)")
    }

    private func name(of step: Int) -> String {
      "step-" + String(repeating: "0", count: 6 - "\(step)".count) + "\(step)"
    }

    @Test("A run without held-out pictures says none; a folder that is not there is an error")
    func none() throws {
      let off = try workspace.run(Workspace.training(steps: 1, "--validate-every", "0"))
      #expect(off.code == 0)
      #expect(
        off.messages.contains("Note: held-out: not evaluated, since validate_every is 0\n"))
      #expect(try workspace.show().validation.isEmpty)
      #expect(
        try workspace.run("show").results.split(separator: "\n").contains("validation loss  none"))
      let missing = try workspace.call(
        Workspace.training(steps: 1, "--validate-every", "1", "--validation-dataset", "away"))
      #expect(missing.code == 66)
      #expect(
        missing.lastMessage
          == "lora-train: There is no folder away; give --validation-dataset a folder with pictures "
          + "that are kept from training.")
    }
  }
}
