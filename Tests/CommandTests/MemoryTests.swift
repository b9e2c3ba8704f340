import Foundation
import Testing

extension CommandTests {
  /// The memory of a training: planned, limited, and run out of.
  @Suite struct MemoryTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private struct Plan: Decodable {
      struct Rung: Decodable {
        let frozen_weights: String
        let gradient_checkpointing: Bool
        let peak_bytes: Int
        let relative_time: Double
        let fits: Bool
        let chosen: Bool
      }

      let budget_bytes: Int
      let rungs: [Rung]
    }

    private func plan(_ flags: String...) throws -> Plan {
      let outcome = try workspace.run(
        ["doctor", "--plan", "--json", "--model", Workspace.model, "--device", "cpu"] + flags)
      return try JSONDecoder().decode(Plan.self, from: Data(outcome.results.utf8))
    }

    @Test("doctor --plan lists the rungs with memory and time, and marks the one to begin with")
    func planned() throws {
      let plan = try plan("--batch-size", "64")
      #expect(plan.rungs.map(\.chosen) == [true] + Array(repeating: false, count: 6))
      #expect(plan.rungs.allSatisfy { $0.fits })
      for (one, next) in zip(plan.rungs, plan.rungs.dropFirst()) {
        #expect(one.peak_bytes > next.peak_bytes && one.relative_time < next.relative_time)
      }
      let text = try workspace.run(
        "doctor", "--plan", "--model", Workspace.model, "--memory", "100MB", "--device", "cpu")
      #expect(text.results.contains("on cpu, with 0.10 GiB of memory"))
      #expect(text.results.contains("->  gradient checkpointing, frozen weights offloaded"))
      #expect(text.results.contains("(too much)"))
    }

    @Test("The budget decides the rung")
    func budget() throws {
      let all = try plan("--batch-size", "64").rungs
      let between = (all[1].peak_bytes + all[2].peak_bytes) / (2 << 20)
      let plan = try plan("--batch-size", "64", "--memory", "\(between)MB")
      #expect(plan.budget_bytes == between << 20)
      #expect(plan.rungs.firstIndex { $0.chosen } == 2)
    }

    @Test("A training whose memory runs out continues with less, and the same command resumes it")
    func ranOut() throws {
      let rungs = try plan("--batch-size", "3", "--resolution", "256").rungs
      let between = (rungs[0].peak_bytes + 2 * rungs[2].peak_bytes) / (3 << 20)
      let flags = [
        "--batch-size", "3", "--resolution", "256", "--no-gradient-checkpointing", "--memory",
        "\(between)MB", "--checkpoint-every", "1", "--threads", "1",
      ]
      let outcome = try workspace.launch(Workspace.training(steps: 2) + flags)
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("Note: There was not enough memory for the trial step ("))
      #expect(outcome.messages.contains("gradient_checkpointing: false -> true"))
      let more = try workspace.launch(Workspace.training(steps: 3) + flags)
      #expect(more.code == 0 && more.messages.contains("Resuming run 1 from step 2."))
      #expect(!more.messages.contains("not enough memory"))
      let whole = try workspace.launch(Workspace.training(steps: 3) + flags + ["--new"])
      #expect(whole.code == 0)
      let adapters = try [1, 2].map {
        try Data(
          contentsOf: workspace.file("Checkpoints/cube/run-\($0)/step-000003/optimizer.safetensors")
        )
      }
      #expect(adapters[0] == adapters[1])
      let again = try workspace.launch(["rerun", "1"])
      #expect(again.code == 0, "\(again.messages)")
    }

    @Test(
      "What does not fit together is refused",
      arguments: [
        (["doctor", "--memory", "8GB"], "--plan"),
        (["doctor", "--plan", "--memory", "8"], "a size of at least 100MB, such as 8GB or 6500MB"),
        (
          [
            "train", "--subject", "cube", "--frozen-weights", "int8", "--no-gradient-checkpointing",
          ],
          "resident unless gradient checkpointing recomputes all blocks"
        ),
        (
          [
            "train", "--subject", "cube", "--checkpointing-extent", "blocks",
            "--no-gradient-checkpointing",
          ], "null if --gradient-checkpointing is false"
        ),
      ])
    func refused(arguments: [String], words: String) throws {
      let outcome = try workspace.run(arguments)
      #expect(outcome.code == 64 && outcome.messages.contains(words), "\(outcome.messages)")
    }
  }
}
