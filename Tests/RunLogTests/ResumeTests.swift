import Foundation
import RunLog
import Testing

@Suite struct ResumeTests {
  let fixture = Fixture()

  private func interruptedRun(in log: RunLog) throws -> Run {
    let run = try log.beginExample()
    for number in 1...8 {
      try log.record(step(number))
      if number.isMultiple(of: 2) {
        try log.record(
          CheckpointRecord(run: run.id, step: number, path: "step-\(number)", sha256: "ab"))
        try log.record(SampleRecord(run: run.id, step: number, path: "step-\(number).png"))
      }
    }
    try log.fail(run.id, "out of memory")
    return run
  }

  @Test("A resume keeps the records up to the checkpoint and removes the later ones")
  func removesLaterRows() throws {
    let log = try fixture.open()
    let run = try interruptedRun(in: log)
    let resumed = try log.resume(run.id, from: 4, sha256: "ab", version: "0.2.0")
    #expect(try log.losses(run.id) == (1...4).map { step($0) })
    #expect(try log.checkpoints(run.id).map(\.step) == [2, 4])
    #expect(try log.samples(run.id).map(\.step) == [2, 4])
    #expect(resumed.status == .running)
    #expect(resumed.step == 4)
    #expect(resumed.loss == 0.25)
    #expect(resumed.failure == nil)
    #expect(resumed.finishedAt == nil)
    #expect(resumed.steps == 10)
    #expect(resumed.startedAt == run.startedAt)
    try log.record(step(5, seconds: 9))
    #expect(try log.losses(run.id).map(\.step) == [1, 2, 3, 4, 5])
  }

  @Test("A change in a running training keeps all records, and is part of the lineage")
  func change() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    try log.record(step(1))
    try log.change(run.id, config: "{}", resume: nil)
    #expect(try log.resumes(run.id).isEmpty)
    #expect(try log.run(run.id).config == "{}")
    let record = ResumeRecord(
      run: run.id, step: 1, sha256: nil, version: "0.2.0",
      resumedAt: Date(timeIntervalSince1970: 0), changes: "b: 2 -> 3")
    try log.change(run.id, config: "{\"b\":3}", resume: record)
    #expect(try log.resumes(run.id) == [record])
    let changed = try log.run(run.id)
    #expect(changed.config == "{\"b\":3}" && changed.status == .running && changed.step == 1)
    #expect(try log.losses(run.id).map(\.step) == [1])
  }

  @Test("Records of removed checkpoints are removed, those of other runs stay")
  func forgetsCheckpoints() throws {
    let log = try fixture.open()
    let run = try interruptedRun(in: log)
    let other = try interruptedRun(in: log)
    try log.keepCheckpoints(of: run.id, steps: [4, 8, 10])
    #expect(try log.checkpoints(run.id).map(\.step) == [4, 8])
    #expect(try log.checkpoints(other.id).map(\.step) == [2, 4, 6, 8])
  }

  @Test("Adopting adds resumes that are missing, and keeps a longer list of them")
  func adoptsLineage() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    func resume(_ step: Int) -> ResumeRecord {
      ResumeRecord(
        run: run.id, step: step, sha256: "ab", version: "0.1.0",
        resumedAt: Date(timeIntervalSince1970: 0), changes: step == 2 ? "seed: 1 -> 2" : nil)
    }
    try log.adopt(run, resumes: [resume(2), resume(4)])
    try log.adopt(run, resumes: [resume(2)])
    #expect(try log.resumes(run.id).map(\.step) == [2, 4])
    #expect(try log.resumes(run.id).map(\.changes) == ["seed: 1 -> 2", nil])
    #expect(try !log.detail(run.id).isExact)
  }

  @Test("Unwritten steps after the checkpoint are dropped too")
  func removesGatheredSteps() throws {
    let log = try fixture.open(flushInterval: .seconds(3600))
    let run = try log.beginExample()
    for number in 1...5 { try log.record(step(number)) }
    let resumed = try log.resume(run.id, from: 3, sha256: "ab", version: "0.1.0")
    #expect(try log.losses(run.id).map(\.step) == [1, 2, 3])
    #expect(try log.run(run.id).step == 3)
    #expect(resumed.step == 3)
  }

  @Test("A resume takes a new number of steps and a new configuration; other runs are unchanged")
  func growth() throws {
    let log = try fixture.open()
    let run = try interruptedRun(in: log)
    let other = try log.beginExample()
    try log.record(step(9, of: other.id))
    let resumed = try log.resume(
      run.id, from: 0, sha256: nil, steps: 20, config: #"{"rank":8}"#, version: "0.1.0")
    #expect(resumed.steps == 20)
    #expect(resumed.config == #"{"rank":8}"#)
    #expect(resumed.loss == nil)
    #expect(try log.losses(run.id).isEmpty)
    #expect(try log.losses(other.id).count == 1)
  }

  @Test("A restart without a checkpoint removes all records, the sample of step 0 too")
  func fromNothing() throws {
    let log = try fixture.open()
    let run = try interruptedRun(in: log)
    try log.record(SampleRecord(run: run.id, step: 0, path: "step-0.png"))
    _ = try log.resume(run.id, from: 0, sha256: nil, version: "0.1.0")
    #expect(try log.losses(run.id).isEmpty)
    #expect(try log.checkpoints(run.id).isEmpty)
    #expect(try log.samples(run.id).isEmpty)
  }

  @Test("Every resume is recorded, in order")
  func lineage() throws {
    let log = try fixture.open()
    let run = try interruptedRun(in: log)
    let before = Date()
    _ = try log.resume(run.id, from: 6, sha256: "ab", version: "0.2.0")
    _ = try log.resume(run.id, from: 2, sha256: nil, version: "0.3.0")
    let resumes = try log.resumes(run.id)
    #expect(resumes.map(\.step) == [6, 2])
    #expect(resumes.map(\.sha256) == ["ab", nil])
    #expect(resumes.map(\.version) == ["0.2.0", "0.3.0"])
    #expect(
      resumes.compactMap(\.resumedAt).count { abs($0.timeIntervalSince(before)) < 60 } == 2)
  }

  @Test("A run found on the disk is added under its own id, and the next id is above it")
  func adoption() throws {
    let original = try fixture.open()
    let run = try interruptedRun(in: original)
    let elsewhere = Fixture()
    let log = try elsewhere.open()
    var found = Run(
      id: 5, subject: run.subject, status: .interrupted, step: 2, steps: run.steps,
      path: "dog/run-5", model: run.model, dataset: run.dataset, config: run.config,
      version: run.version, startedAt: run.startedAt, updatedAt: run.updatedAt, loss: 0.5)
    let checkpoint = CheckpointRecord(run: 5, step: 2, path: "step-2", sha256: "ab")
    let sample = SampleRecord(run: 5, step: 2, path: "step-2.png")
    let steps = [step(1, of: 5), step(2, of: 5)]
    try log.adopt(found, steps: steps, checkpoints: [checkpoint], samples: [sample])
    #expect(try log.run(5) == found)
    #expect(try log.losses(5) == steps)
    #expect(try log.checkpoints(5) == [checkpoint])
    #expect(try log.samples(5) == [sample])
    #expect(try log.beginExample().id == 6)

    found.step = 3
    try log.adopt(found, steps: [step(3, of: 5)])
    #expect(try log.run(5).step == 3)
    #expect(try log.losses(5).map(\.step) == [1, 2, 3])
    #expect(try log.checkpoints(5) == [checkpoint])
  }

  @Test("Only runs that the caller takes for dead are marked as interrupted")
  func deadRuns() throws {
    let log = try fixture.open()
    for _ in 1...3 { _ = try log.beginExample() }
    try log.finish(3)
    let marked = try log.interrupt { $0.id != 1 }
    #expect(marked.map(\.id) == [2])
    #expect(try log.runs().map(\.status) == [.running, .interrupted, .finished])
  }
}
