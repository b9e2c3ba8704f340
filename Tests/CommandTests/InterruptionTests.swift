import Foundation
import Testing

extension CommandTests {
  /// Trainings that are stopped and resumed: they must end as if they had never been stopped.
  @Suite struct InterruptionTests {
    /// The result of a training of 48 steps without an interruption.
    private struct Uninterrupted: Sendable {
      let adapter: Data
      let losses: [[Double]]
    }

    private static let command = Workspace.training(steps: 48, "--checkpoint-every", "8")
    private static let adapter = "Checkpoints/cube/run-1/step-000048/adapter.safetensors"

    private static let uninterrupted = Result { () throws -> Uninterrupted in
      let workspace = try Workspace()
      _ = try workspace.run(command)
      return Uninterrupted(
        adapter: try Data(contentsOf: workspace.file(adapter)),
        losses: try workspace.show().losses.map(\.numbers))
    }

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test(
      "SIGINT and SIGTERM save and exit with 130; the resumed run has the same result",
      arguments: [SIGINT, SIGTERM])
    func stopped(signal: Int32) throws {
      let training = try Program.start(Self.command, in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000008"))
      training.send(signal)
      let outcome = try training.wait()
      #expect(outcome.code == 130)
      #expect(outcome.results.isEmpty)
      #expect(outcome.messages.contains("Stopping after saving; "))

      let interrupted = try workspace.show()
      #expect(interrupted.status == "interrupted")
      #expect((8..<48).contains(interrupted.step))
      #expect(interrupted.checkpoints.last?.step == interrupted.step, "it has saved")
      #expect(
        outcome.lastMessage
          == "Stopped after step \(interrupted.step) and saved; resume with lora-train resume 1.")
      try expectToEnd(from: interrupted.step)
    }

    @Test("SIGKILL loses only the steps after the last checkpoint")
    func killed() throws {
      let training = try Program.start(Self.command, in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000008"))
      training.send(SIGKILL)
      #expect(try training.wait().code == -SIGKILL)
      let runs = try workspace.run("runs")
      #expect(runs.results.contains("interrupted"))
      #expect(runs.messages.isEmpty)
      let newest = try #require(try checkpoints().last)
      #expect((8..<48).contains(newest))
      try expectToEnd(from: newest)
    }

    @Test("SIGKILL before the first checkpoint: the run starts again under its number")
    func killedEarly() throws {
      let first = try Program.start(
        Workspace.training(
          steps: 240, "--checkpoint-every", "0", "--sample-every", "240", "--sample-steps", "1",
          "--sample-prompt", "a ball"), in: workspace.url)
      try first.waitForMessage("Samples: Checkpoints/cube/run-1/samples/step-000000.png")
      first.send(SIGKILL)
      #expect(try first.wait().code == -SIGKILL)
      #expect(try checkpoints() == [])
      try expectToEnd(from: 0)
      #expect(
        !FileManager.default.fileExists(
          atPath: workspace.file("Checkpoints/cube/run-1/samples").path),
        "the sample of another prompt is removed")
      #expect(try workspace.show().samples.isEmpty, "and so is its record")
    }

    @Test("A second process on the same run is refused and does not affect the run")
    func busy() throws {
      let first = try Program.start(Self.command, in: workspace.url)
      try first.waitForMessage("Run 1: ")
      let second = try workspace.run(Self.command)
      #expect(second.code == 75)
      #expect(
        second.lastMessage.hasPrefix(
          "lora-train: Checkpoints/cube/run-1 is being trained by process "))
      #expect(try first.wait().code == 0)
      try expectUninterrupted()
    }

    @Test("SIGHUP saves; resume needs no options and refuses a finished run")
    func resume() throws {
      let training = try Program.start(Self.command, in: workspace.url)
      try training.waitForFile(workspace.file("Checkpoints/cube/run-1/step-000008"))
      training.send(SIGHUP)
      #expect(try training.wait().code == 130)
      // As on a machine with more cores.
      let resumed = try Program.run(
        ["resume"], in: workspace.url, environment: ["OMP_NUM_THREADS": "2"])
      #expect(resumed.code == 0, "\(resumed.messages)")
      #expect(resumed.results == "\(Self.adapter)\n")
      try expectUninterrupted()

      let again = try workspace.run("resume", "1")
      #expect(again.code == 64)
      #expect(
        again.lastMessage
          == "lora-train: Run 1 is finished at step 48; extend it with more --steps, or start a new "
          + "one with --subject.")
    }

    /// Runs the same command again, from a step to the end.
    private func expectToEnd(from step: Int) throws {
      let outcome = try workspace.launch(Self.command)
      #expect(outcome.code == 0, "\(outcome.messages)")
      #expect(outcome.messages.contains("Resuming run 1 from step \(step).\n"))
      #expect(outcome.results == "\(Self.adapter)\n")
      try expectUninterrupted()
    }

    /// Expects the adapter's bytes and every step's numbers to be those of a run that was never
    /// stopped.
    private func expectUninterrupted() throws {
      let expected = try Self.uninterrupted.get()
      #expect(try Data(contentsOf: workspace.file(Self.adapter)) == expected.adapter)
      let run = try workspace.show()
      #expect(run.losses.map(\.numbers) == expected.losses)
      #expect(run.status == "finished")
      #expect(run.id == 1)
    }

    private func checkpoints() throws -> [Int] {
      try FileManager.default.contentsOfDirectory(
        atPath: workspace.file("Checkpoints/cube/run-1").path
      ).compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst("step-".count)) : nil }.sorted()
    }
  }
}
