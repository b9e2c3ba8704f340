import Foundation
import RunLog
import Testing

@Suite struct RecordingTests {
  let fixture = Fixture()

  @Test("A new run gets the next id, a folder of that id, and is running in this process")
  func begin() throws {
    let log = try fixture.open()
    let first = try log.beginExample()
    let second = try log.beginExample(subject: "cat")
    #expect(first.id == 1)
    #expect(second.id == 2)
    #expect(second.path == "cat/run-2")
    #expect(second.status == .running)
    #expect(second.step == 0)
    #expect(second.pid == ProcessInfo.processInfo.processIdentifier)
    #expect(!second.processIsGone)
    #expect(try log.run(2) == second)
  }

  @Test("A new id is above those of run folders that the database lacks")
  func beginAbove() throws {
    let log = try fixture.open()
    #expect(try log.beginExample(above: 7).id == 8)
    #expect(try log.beginExample(above: 3).id == 9)
  }

  @Test("After the highest number, a new run is an error")
  func beginAboveAll() throws {
    let log = try fixture.open()
    #expect(try log.beginExample(above: Int64(Int32.max) - 1).id == Int64(Int32.max))
    for (above, highest) in [(0, Int64(Int32.max)), (Int64.max, .max)] {
      #expect(throws: RunLogError.noFreeID(file: fixture.file.path, highest: highest)) {
        try log.beginExample(above: above)
      }
    }
  }

  @Test("Steps are read back exactly, and the run has their progress")
  func steps() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    let steps = (1...4).map { step($0) }
    for (step, memory) in zip(steps, [100, 400, 200, nil] as [Int64?]) {
      try log.record(step, peakMemoryBytes: memory)
    }
    #expect(try log.losses(run.id) == steps)
    let now = try log.run(run.id)
    #expect(now.step == 4)
    #expect(now.loss == 0.25)
    #expect(now.peakMemoryBytes == 400)
    #expect(now.updatedAt >= run.updatedAt)
  }

  @Test("Steps wait for the flush interval, for flush, or for any other change")
  func gathering() throws {
    let log = try fixture.open(flushInterval: .seconds(3600))
    let run = try log.beginExample()
    for number in 1...3 { try log.record(step(number)) }
    #expect(try log.losses(run.id).isEmpty)
    #expect(log.unwritten == [step(1), step(2), step(3)])
    try log.flush()
    #expect(try log.losses(run.id).count == 3)
    #expect(log.unwritten.isEmpty)
    try log.record(step(4))
    try log.record(CheckpointRecord(run: run.id, step: 4, path: "dog/run-1/step-4", sha256: "ab"))
    #expect(try log.losses(run.id).count == 4)
    try log.record(step(5))
    try log.record(SampleRecord(run: run.id, step: 5, path: "dog/run-1/samples/step-5.png"))
    #expect(try log.losses(run.id).count == 5)
    try log.record(step(6))
    try log.interrupt(run.id)
    #expect(try log.losses(run.id).count == 6)
    #expect(try log.run(run.id).step == 6)
  }

  @Test("A step, checkpoint or sample recorded again replaces the earlier one")
  func again() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    for seconds in [1.0, 2.0] { try log.record(step(1, seconds: seconds)) }
    for hash in ["ab", "cd"] {
      try log.record(CheckpointRecord(run: run.id, step: 1, path: "folder", sha256: hash))
      try log.record(SampleRecord(run: run.id, step: 1, path: hash))
    }
    #expect(try log.losses(run.id) == [step(1, seconds: 2)])
    #expect(
      try log.checkpoints(run.id)
        == [CheckpointRecord(run: run.id, step: 1, path: "folder", sha256: "cd")])
    #expect(try log.samples(run.id) == [SampleRecord(run: run.id, step: 1, path: "cd")])
  }

  @Test("An infinite gradient norm becomes nil; a loss that is no number is an error")
  func notFinite() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    try log.record(
      StepRecord(
        run: run.id, step: 1, loss: 1, learningRate: 1, gradNorm: .infinity, seconds: 1))
    #expect(try log.losses(run.id).map(\.gradNorm) == [nil])
    let error = #expect(throws: RunLogError.self) {
      try log.record(
        StepRecord(run: run.id, step: 2, loss: .nan, learningRate: 1, gradNorm: 1, seconds: 1))
    }
    #expect("\(try #require(error))".hasPrefix("The loss of step 2 of run 1 is nan"))
    #expect(try log.losses(run.id).count == 1)
  }

  @Test("A run ends as finished, interrupted or failed, with the time and the reason")
  func ends() throws {
    let log = try fixture.open()
    for _ in 1...3 { _ = try log.beginExample() }
    try log.finish(1)
    try log.interrupt(2)
    try log.fail(3, "the GPU is out of memory")
    let runs = try log.runs()
    #expect(runs.map(\.status) == [.finished, .interrupted, .failed])
    #expect(runs.map { $0.finishedAt != nil } == [true, false, true])
    #expect(runs.map(\.failure) == [nil, nil, "the GPU is out of memory"])
  }
}
