import Foundation
import RunLog
import Testing

/// One process trains and writes while others read, start and die.
@Suite struct ProcessTests {
  let fixture = Fixture()

  @Test("A second log reads every step as soon as it is written, without waiting")
  func readingWhileWriting() throws {
    let writer = try fixture.open()
    let run = try writer.beginExample(steps: 200)
    let reader = try fixture.open(busyTimeout: 0)
    for number in 1...200 {
      try writer.record(step(number))
      #expect(try reader.run(run.id).step == number)
      #expect(try reader.losses(run.id).count == number)
    }
  }

  @Test(
    "Readers on other threads never fail, and the run's step is never ahead of its step records")
  func readingAtAnyTime() async throws {
    let file = fixture.file
    let writer = try fixture.open()
    let run = try writer.beginExample(steps: 300)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 1...2 {
        group.addTask {
          let reader = try RunLog(at: file)
          var detail = try reader.detail(run.id)
          while detail.summary.run.step < 300 {
            detail = try reader.detail(run.id)
            #expect(detail.losses.map(\.step) == Array(1..<(detail.summary.run.step + 1)))
          }
        }
      }
      for number in 1...300 { try writer.record(step(number)) }
      try await group.waitForAll()
    }
  }

  @Test("Eight tasks create the database at the same moment and get eight ids")
  func openingTogether() async throws {
    let file = fixture.file
    let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
      for _ in 1...8 {
        group.addTask { try RunLog(at: file).beginExample().id }
      }
      return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
    }
    #expect(ids == Set(1...8))
  }

  @Test("A process killed while it records loses no step, and its run can be marked and resumed")
  func killed() async throws {
    let path = fixture.file.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let log = try RunLog(at: URL(fileURLWithPath: path), flushInterval: .zero)
      let run = try log.beginExample()
      for number in 1...50 { try log.record(step(number)) }
      try log.record(CheckpointRecord(run: run.id, step: 50, path: "step-50", sha256: "ab"))
      kill(ProcessInfo.processInfo.processIdentifier, SIGKILL)
    }
    let log = try fixture.open()
    try log.verify()
    #expect(try log.losses(1) == (1...50).map { step($0) })
    #expect(try log.checkpoints(1).map(\.step) == [50])
    #expect(try log.run(1).status == .running)
    #expect(try log.run(1).processIsGone)
    #expect(try log.interrupt(where: \.processIsGone).map(\.id) == [1])
    #expect(try log.resume(1, from: 50, sha256: "ab", version: "0.1.0").step == 50)
  }

  @Test("Recording 10,000 steps takes less than half a millisecond each, even in debug builds")
  func cost() throws {
    let log = try RunLog(at: fixture.file)
    let run = try log.beginExample(steps: 10_000)
    let clock = ContinuousClock()
    var slowest = Duration.zero
    let total = try clock.measure {
      for number in 1...10_000 {
        slowest = max(slowest, try clock.measure { try log.record(step(number)) })
      }
      try log.finish(run.id)
    }
    print("10,000 steps recorded in \(total), the slowest call \(slowest)")
    #expect(total < .seconds(5))
    #expect(try log.losses(run.id).count == 10_000)
    let looking = try clock.measure { _ = try log.summaries() }
    print("their median computed in \(looking)")
  }
}
