import Foundation
import RunLog
import Testing

@Suite struct HistoryTests {
  let fixture = Fixture()

  @Test("All runs are listed in the order of their numbers, with their status")
  func runs() throws {
    let log = try fixture.open()
    #expect(try log.runs().isEmpty)
    for subject in ["dog", "cat", "dog", "cat"] { _ = try log.beginExample(subject: subject) }
    try log.interrupt(1)
    try log.fail(2, "out of memory")
    try log.finish(3)
    try log.finish(4)
    #expect(try log.runs().map(\.id) == [1, 2, 3, 4])
    #expect(try log.runs().map(\.subject) == ["dog", "cat", "dog", "cat"])
    #expect(try log.runs().map(\.status) == [.interrupted, .failed, .finished, .finished])
  }

  @Test(
    "Seconds per step are the median of the newest 1000 steps, without the first two",
    arguments: [
      ([], nil), ([9, 9], nil), ([9, 9, 1], 1), ([9, 9, 1, 4], 2.5), ([9, 9, 3, 1, 2], 2),
      ([1, 1, 8, 2, 100, 4], 6),
      (Array(repeating: 9, count: 1400) + Array(repeating: 2, count: 501), 2),
      (Array(repeating: 9, count: 1400) + Array(repeating: 2, count: 500), 5.5),
    ] as [([Double], Double?)])
  func secondsPerStep(seconds: [Double], median: Double?) throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    for (index, seconds) in seconds.enumerated() {
      try log.record(step(index + 1, seconds: seconds))
    }
    #expect(try log.summaries().map(\.secondsPerStep) == [median])
    #expect(try log.detail(run.id).summary.secondsPerStep == median)
    try log.interrupt(run.id)
    #expect(try log.summaries().map(\.secondsPerStep) == [median], "stored when the run ends")
    _ = try log.resume(run.id, from: 2, sha256: "ab", version: "0.1.0")
    #expect(try log.summaries().map(\.secondsPerStep) == [nil], "only two steps are left")
    _ = try log.interrupt { _ in true }
    #expect(try log.summaries().map(\.secondsPerStep) == [nil])
  }

  @Test(
    "Time to list 20 runs of 10,000 steps, beside the time to read every step",
    .enabled(if: ProcessInfo.processInfo.environment["LORA_TRAIN_BENCH"] != nil))
  func manySteps() throws {
    let log = try fixture.open(flushInterval: .seconds(3600))
    for id in 1...20 {
      _ = try log.beginExample()
      for number in 1...10_000 {
        try log.record(step(number, of: Int64(id), seconds: Double(number * 7919 % 10_007)))
      }
    }
    for id in 1...20 { try log.finish(Int64(id)) }
    let archive = try #require(try RunArchive(at: fixture.file))
    let clock = ContinuousClock()
    var (listed, read): ([Double?], [Double?]) = ([], [])
    for _ in 1...3 {
      let bySQL = try clock.measure { listed = try archive.summaries().map(\.secondsPerStep) }
      let inMemory = try clock.measure {
        read = try archive.runs().map { run in
          let seconds = try archive.losses(run.id).dropFirst(2).suffix(1000).map(\.seconds).sorted()
          return (seconds[seconds.count / 2] + seconds[(seconds.count - 1) / 2]) / 2
        }
      }
      print("20 runs of 10,000 steps: listed in \(bySQL), all steps read in \(inMemory)")
    }
    #expect(listed == read)
  }

  @Test("An ended process is detected; this process and one on another machine count as alive")
  func processIsGone() throws {
    let child = Process()
    child.executableURL = URL(fileURLWithPath: "/bin/sh")
    child.arguments = ["-c", "exit 0"]
    try child.run()
    child.waitUntilExit()
    let log = try fixture.open()
    var run = try log.beginExample()
    #expect(!run.processIsGone)
    run.pid = child.processIdentifier
    #expect(run.processIsGone)
    run.host = "another-machine"
    #expect(!run.processIsGone)
  }

  @Test("An intact database passes the check of every page")
  func verify() throws {
    let log = try fixture.open()
    _ = try log.beginExample()
    try log.verify()
  }
}
