import Foundation
import Testing

extension CommandTests {
  /// A negative seed is replaced by a random one in every option, and the random one is stated.
  @Suite struct SeedTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func seed(_ outcome: Program.Outcome, _ pattern: some RegexComponent) throws -> String {
      let match = try #require(
        outcome.messages.firstMatch(of: pattern.regex), "\(outcome.messages)")
      return String(outcome.messages[match.range].split { !$0.isNumber }[0])
    }

    @Test(
      "dataset states the seed that chooses the validation images, and takes that of a run to resume"
    )
    func dataset() throws {
      try workspace.write("seed: -1\n", to: "Configs/cube.yaml")
      let command = ["dataset", "cube", "--model", Workspace.model]
      let drawn = try workspace.run(command)
      #expect(drawn.messages.contains(/Note: The seed is [0-9]+, drawn at random, since --seed/))
      #expect(drawn.messages.hasPrefix("Configuration: Configs/cube.yaml.\n"))
      #expect(try workspace.run(Workspace.training(steps: 9, "--max-minutes", "1e-9")).code == 130)
      let kept = try workspace.run(command)
      #expect(kept.messages.contains(/Note: The seed is [0-9]+, that of run 1, since --seed/))
    }

    @Test("The command of a finished run with a negative seed extends it with more steps")
    func extended() throws {
      let first = try workspace.run(Workspace.training(steps: 3, "--seed", "-1"))
      let seed = try seed(first, /The seed is [0-9]+, drawn/)
      let more = try workspace.run(Workspace.training(steps: 5, "--seed", "-1"))
      #expect(
        more.messages.contains(
          "Note: The seed is \(seed), that of run 1, since --seed is negative.\n"),
        "\(more.messages)")
      #expect(try workspace.show().id == 1 && workspace.show().step == 5)
      for other in [
        Workspace.training(steps: 5, "--seed", "-1"),
        Workspace.training(steps: 7, "--seed", "-1", "--batch-size", "2"),
      ] {
        let new = try workspace.run(other)
        #expect(new.messages.contains(/The seed is [0-9]+, drawn at random/))
      }
      #expect(try workspace.show().id == 3)
    }

    @Test("Sample seeds: those of the run are kept at a resume")
    func samples() throws {
      let command = Workspace.training(
        steps: 9, "--sample-seed", "-1", "--sample-seed", "7", "--max-minutes", "1e-9")
      let first = try workspace.run(command)
      let seed = try seed(
        first, /The seed [0-9]+ of --sample-seed is drawn at random, in place of a negative one\./)
      let again = try workspace.run(command)
      #expect(
        again.messages.contains(
          "Note: The seeds of --sample-seed are \(seed), 7, those of run 1, since one is negative.\n"
        ),
        "\(again.messages)")
    }

    @Test("compare and campaigns")
    func drawings() throws {
      #expect(try workspace.run(Workspace.training(steps: 1)).code == 0)
      let compared = try workspace.run(
        "compare", "1", "--prompt", "x", "--seed=-1", "--seed", "3", "--steps", "1", "--device",
        "cpu")
      #expect(compared.code == 0, "\(compared.messages)")
      let seed = try seed(compared, /The seed [0-9]+ of --seed is drawn at random/)
      #expect(
        try String(
          contentsOf: workspace.file("Checkpoints/cube/run-1/comparison/index.html"),
          encoding: .utf8
        ).contains(seed))
      try workspace.write("prompt: x\nseeds: [-1, -1]\n", to: "campaign.yaml")
      let campaign = try workspace.run(
        "generate", "--prompts", "campaign.yaml", "--model", Workspace.model, "--device", "cpu",
        "--dry-run", "--output", "out")
      #expect(campaign.code == 0, "\(campaign.messages)")
      #expect(
        campaign.messages.contains(
          /The seeds [0-9]+, [0-9]+ of `seeds` are drawn at random, in place of negative ones\./),
        "\(campaign.messages)")
    }
  }
}
