import Foundation
import Testing

extension CommandTests {
  /// The validation loss from the command line.
  @Suite struct ValidationTests {
    private let workspace: Workspace

    init() throws {
      workspace = try Workspace()
      try workspace.write(workspace.image(7), to: "Datasets/cube/validation/7.png")
      try workspace.write("a photo of cube", to: "Datasets/cube/validation/7.txt")
    }

    @Test("The loss is printed, recorded, shown, and found again without the database")
    func train() throws {
      let outcome = try workspace.run(Workspace.training(steps: 5, "--validate-every", "2"))
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("Run 1: 3 images of cube, 5 steps"))
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

    @Test("An interrupted and resumed run records each value once, with the same values")
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
      #expect(outcome.messages.contains("Resuming run 2 from step "))
      #expect(try workspace.show().validation == straight)
    }

    @Test("With other validation images, a resumed run prints a note and starts a new curve")
    func swapped() throws {
      let command = Workspace.training(
        steps: 200, "--checkpoint-every", "2", "--validate-every", "2")
      let training = try Program.start(command, in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000002"))
      training.send(SIGINT)
      _ = try training.wait()
      let step = try workspace.show().step
      try workspace.write(workspace.image(8), to: "Datasets/cube/validation/7.png")
      let again = try Program.start(command, in: workspace.url)
      try again.waitForFile(
        workspace.file("Checkpoints/cube/run-1/\(name(of: step + 4 - step % 2))"))
      again.send(SIGINT)
      let outcome = try again.wait()
      #expect(
        withoutHashes(outcome.messages).contains(
          "Note: The validation images have changed (validation image 7.png: content # -> #); the "
            + "validation losses up to step \(step) are removed.\n"))
      let steps = try workspace.show().validation.map(\.step)
      #expect(!steps.isEmpty && steps.allSatisfy { $0 >= step }, "\(steps)")
    }

    private func name(of step: Int) -> String {
      "step-" + String(repeating: "0", count: 6 - "\(step)".count) + "\(step)"
    }

    @Test("A run without validation shows none; a missing validation folder is an error")
    func none() throws {
      let off = try workspace.run(Workspace.training(steps: 1, "--validate-every", "0"))
      #expect(off.code == 0)
      #expect(
        off.messages.contains("Note: validation: not evaluated, since validate_every is 0\n"))
      #expect(try workspace.show().validation.isEmpty)
      #expect(
        try workspace.run("show").results.split(separator: "\n").contains("validation loss  none"))
      let missing = try workspace.run(
        Workspace.training(steps: 1, "--validate-every", "1", "--validation-dataset", "away"))
      #expect(missing.code == 66)
      #expect(
        missing.lastMessage
          == "lora-train: There is no folder away; give --validation-dataset a folder with "
          + "validation images.")
    }
  }
}
