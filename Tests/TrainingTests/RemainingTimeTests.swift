import Testing
import Training

/// The time left counts steps, validations, samples and checkpoints by their measured durations.
@Suite struct RemainingTimeTests {
  private static func time(
    hasValidation: Bool = true, _ change: (inout TrainingConfig) -> Void = { _ in }
  ) -> RemainingTime {
    var config = TrainingConfig()
    (config.steps, config.validateEvery, config.sampleEvery, config.checkpointEvery) = (
      100, 25, 40, 30
    )
    change(&config)
    var time = RemainingTime(config, hasValidation: hasValidation)
    time.add(.step, seconds: 1)
    return time
  }

  @Test("Every part counts as often as it is still to come, the last step included")
  func counts() {
    var time = Self.time()
    #expect(time.seconds(after: 40) == 60)
    time.add(.validation, seconds: 1000)
    // After the steps 50, 75 and 100.
    #expect(time.seconds(after: 40) == 3060)
    time.add(.samples, seconds: 1e5)
    // After the steps 40, 80 and 100.
    #expect(time.seconds(after: 40) == 303_060)
    time.add(.checkpoint, seconds: 1e7)
    // After the steps 60, 90 and 100.
    #expect(time.seconds(after: 40) == 30_303_060)
    #expect(time.seconds(after: 41) == 30_203_059)
    #expect(time.seconds(after: 100) == 10_101_000)
  }

  @Test("The median of the latest durations counts")
  func median() {
    var time = Self.time()
    for seconds in [9.0, 2, 3, 3, 3] { time.add(.step, seconds: seconds) }
    #expect(time.median(of: .step) == 3)
    for _ in 0..<50 { time.add(.step, seconds: 7) }
    #expect(time.median(of: .step) == 7)
  }

  @Test("Parts that are still to come and were not measured are named; others never count")
  func unmeasured() {
    #expect(Self.time().unmeasured(after: 10) == [.validation, .samples, .checkpoint])
    var time = Self.time(hasValidation: false) { $0.sampleEvery = 0 }
    #expect(time.unmeasured(after: 10) == [.checkpoint])
    time.add(.samples, seconds: 5)
    time.add(.validation, seconds: 5)
    #expect(time.seconds(after: 10) == 90)
    time = Self.time { $0.checkpointEvery = 0 }
    time.add(.checkpoint, seconds: 1000)
    #expect(time.seconds(after: 10) == 1090)
  }

  @Test("A training measures nearly all of its time")
  func measured() throws {
    // Other work on the machine may fall between two parts, but not in every training.
    var shares: [Double] = []
    for run in 1...4 where !shares.contains(where: { $0 > 0.7 }) {
      shares.append(try measuredShare(run: run))
    }
    #expect(shares.contains { $0 > 0.7 }, "\(shares)")
  }

  /// The share of the time of a training that its parts have.
  private func measuredShare(run: Int) throws -> Double {
    let training = try TinyTraining()
    let config = TinyTraining.config {
      ($0.steps, $0.sampleEvery, $0.checkpointEvery) = (6, 2, 2)
    }
    let clock = ContinuousClock()
    var (start, measured) = (clock.now, 0.0)
    var counts: [RemainingTime.Part: Int] = [:]
    let trainer = Trainer(try training.setup(config), folder: training.runFolder(run))
    _ = try trainer.train(
      from: nil, stopped: { false },
      report: { event in
        switch event {
        case .ready: start = clock.now
        case .step(let report): measured += report.seconds
        case .spent(let part, let seconds):
          measured += seconds
          counts[part, default: 0] += 1
        default: break
        }
      })
    // Samples of steps 0, 2, 4, 6; checkpoints of 2, 4, 6.
    #expect(counts == [.samples: 4, .checkpoint: 3])
    let share = measured / ((clock.now - start) / .seconds(1))
    #expect(share <= 1)
    return share
  }
}
