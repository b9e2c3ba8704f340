import Files
import Foundation
import TestSupport
import Testing

extension CommandTests {
  /// Ranks that are killed, paused or told to stop at random moments. All end within the stated time, and started
  /// again they end with the bytes of ranks that were never disturbed.
  ///
  /// `LORA_TRAIN_FAULTS` makes them 40, as `make faults` does, `LORA_TRAIN_FAULTS_SEED` chooses other moments.
  @Suite struct RankFaultTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let isLong = environment["LORA_TRAIN_FAULTS"] != nil
    private static let faults = isLong ? 40 : 6
    private static let seed =
      environment["LORA_TRAIN_FAULTS_SEED"].flatMap { UInt64($0) }
      ?? (isLong ? UInt64(Date().timeIntervalSince1970) : 7)
    private static let silence = 5
    private static let steps = 40

    private static let command = Workspace.training(
      steps: steps, "--config", "config.yaml", "--batch-size", "4", "--rank-timeout", "\(silence)",
      "--start-timeout", "20"
    ).filter { $0 != "--sample-every" && $0 != "0" }

    private static func workspace() throws -> Workspace {
      let workspace = try Workspace()
      try FaultTests.fill(
        workspace,
        ["checkpoint_every": "4", "validate_every": "8", "sample_every": "20", "keep_last": "2"])
      return workspace
    }

    private static func hash(_ workspace: Workspace) throws -> String {
      try ContentHash.of(
        fileAt: workspace.file("Checkpoints/cube/run-1/step-0000\(steps)/adapter.safetensors"))
    }

    @Test(
      "After random faults of random ranks nothing is lost, nothing hangs, the bytes are the same")
    func faults() throws {
      print("rank faults: seed \(Self.seed)")
      var random = SplitMix(state: Self.seed)
      for size in Self.isLong ? [2, 3] : [2] {
        let reference = try Self.workspace()
        let start = ContinuousClock.now
        let outcomes = try RankedProgram(size, Self.command, in: [reference.url]).wait()
        #expect(outcomes.map(\.code) == outcomes.map { _ in 0 }, "\(outcomes.map(\.messages))")
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let expected = try Self.hash(reference)
        var left = Self.faults / (Self.isLong ? 2 : 1)
        while left > 0 {
          let place = try Self.workspace()
          var isDone = false
          // At most three faults in a run, which has to end.
          for _ in 0..<min(3, left) where !isDone {
            isDone = try disturb(place, size, seconds, &random)
            left -= 1
          }
          if !isDone {
            let last = try RankedProgram(size, Self.command, in: [place.url]).wait()
            #expect(last.map(\.code) == last.map { _ in 0 }, "\(last.map(\.messages))")
          }
          #expect(try Self.hash(place) == expected)
          #expect(try place.show().losses.map(\.loss) == reference.show().losses.map(\.loss))
        }
      }
    }

    /// Starts the ranks and disturbs one. Returns whether they had done their work before.
    private func disturb(
      _ place: Workspace, _ size: Int, _ seconds: Double, _ random: inout SplitMix
    ) throws -> Bool {
      let signal = [SIGKILL, SIGSTOP, SIGTERM][random.below(3)]
      let victim = random.below(size)
      let program = try RankedProgram(size, Self.command, in: [place.url])
      Thread.sleep(forTimeInterval: seconds * Double(random.below(1000)) / 1000)
      program.ranks[victim].send(signal)
      let start = ContinuousClock.now
      let others = (0..<size).filter { $0 != victim }
      let outcomes = try others.map { try program.ranks[$0].wait() }
      let time = (ContinuousClock.now - start) / .seconds(1)
      if signal == SIGSTOP { program.ranks[victim].send(SIGKILL) }
      let own = try program.ranks[victim].wait()
      let text =
        "signal \(signal) to rank \(victim) of \(size): "
        + (outcomes + [own]).map { "\($0.code) \($0.messages)" }.joined(separator: "\n")
      if outcomes.allSatisfy({ $0.code == 0 }) { return true }
      // Twice the time without a sign of life, and a few seconds to save and to tell the others. Before they have
      // met, they wait for each other as long as --start-timeout says.
      let hadNotMet = outcomes.contains {
        $0.lastMessage.contains("did not come") || $0.lastMessage.contains("was not reached")
      }
      let limit = hadNotMet ? 30 : 2 * Self.silence + 10
      #expect(time < Double(limit), "\(text)")
      for outcome in outcomes {
        switch signal {
        case SIGTERM:
          #expect([130, 69, -SIGTERM].contains(outcome.code), "\(text)")
        default:
          #expect(outcome.code == 69, "\(text)")
          #expect(
            outcome.lastMessage.contains("ank \(victim) ") || outcome.lastMessage.contains("Rank 0")
              || outcome.lastMessage.contains("has ended"), "\(text)")
        }
      }
      return false
    }

    @Test(
      "SIGTERM to any rank saves on all, and the same launch resumes to the same bytes",
      arguments: [0, 1])
    func stopped(rank: Int) throws {
      let reference = try Self.workspace()
      _ = try RankedProgram(2, Self.command, in: [reference.url]).wait()
      let place = try Self.workspace()
      let program = try RankedProgram(2, Self.command, in: [place.url])
      try program.ranks[0].waitForFile(place.file("Checkpoints/cube/run-1/step-000004"))
      program.ranks[rank].send(SIGTERM)
      let outcomes = try program.wait()
      #expect(outcomes.map(\.code) == [130, 130], "\(outcomes.map(\.messages))")
      let run = try place.show()
      #expect(run.status == "interrupted")
      #expect(run.checkpoints.last?.step == run.step && run.step < Self.steps)
      let resumed = try RankedProgram(2, Self.command, in: [place.url]).wait()
      #expect(resumed.map(\.code) == [0, 0], "\(resumed.map(\.messages))")
      #expect(try Self.hash(place) == Self.hash(reference))
    }

    @Test(
      "Two hosts whose network is cut name each other, and resume to the same bytes",
      .enabled(if: NetworkHosts.areAvailable, "network namespaces need root and the command ip"))
    func cutNetwork() throws {
      let hosts = try NetworkHosts()
      let reference = try Self.workspace()
      let whole = try hosts.start(Self.command, in: reference.url).wait()
      #expect(whole.map(\.code) == [0, 0], "\(whole.map(\.messages))")
      let place = try Self.workspace()
      let program = try hosts.start(Self.command, in: place.url)
      try program.ranks[0].waitForFile(place.file("Checkpoints/cube/run-1/step-000008"))
      try hosts.setConnected(false)
      let start = ContinuousClock.now
      let outcomes = try program.wait()
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      #expect(seconds < Double(2 * Self.silence + 10))
      #expect(outcomes.map(\.code) == [69, 69], "\(outcomes.map(\.messages))")
      #expect(outcomes[0].lastMessage.contains("Rank 1 ("), "\(outcomes[0].messages)")
      #expect(outcomes[1].lastMessage.contains("Rank 0 ("), "\(outcomes[1].messages)")
      try hosts.setConnected(true)
      let resumed = try hosts.start(Self.command, in: place.url).wait()
      #expect(resumed.map(\.code) == [0, 0], "\(resumed.map(\.messages))")
      #expect(try Self.hash(place) == Self.hash(reference))
    }
  }
}
