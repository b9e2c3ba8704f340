import Foundation
import TestSupport
import Testing

@testable import Files
@testable import Training

@Suite("History of steps")
struct HistoryTests {
  private let training: TinyTraining
  private var run: RunFolder { training.runFolder(1) }

  init() throws { training = try TinyTraining() }

  private static func report(_ step: Int, loss: Double = 0.5) -> StepReport {
    StepReport(
      step: step, loss: loss, learningRate: 1e-4, gradNorm: 0.25, seconds: 0.3, timestep: 500)
  }

  private func state(_ mark: HistoryMark, step: Int) throws -> TrainingState {
    let setup = try training.setup()
    return TrainingState(
      run: 1, step: step, loss: 0.5, config: setup.config, identity: setup.identity,
      lossScaler: LossScaler(), libtorch: "2.13.0", validation: nil, resumes: nil,
      history: mark)
  }

  @Test("lines after the checkpoint's part are cut off, whether complete, torn or zeros")
  func tail() throws {
    let history = try HistoryFile.open(in: run, from: nil).history
    for step in 1...4 { try history.append(.step(Self.report(step))) }
    let state = try state(history.mark, step: 4)
    for step in 5...6 { try history.append(.step(Self.report(step))) }
    let file = run.url.appending(path: "history.jsonl")
    let whole = try Data(contentsOf: file)
    #expect(whole.count > state.history.bytes)
    for tail in [whole.dropFirst(state.history.bytes), Data("{\"st".utf8), Data(count: 4096)] {
      try (whole.prefix(state.history.bytes) + tail).write(to: file)
      #expect(try run.history(of: state).steps.map(\.step) == [1, 2, 3, 4])
      let (again, problem) = try HistoryFile.open(in: run, from: state)
      #expect(problem == nil && again.mark == state.history)
      #expect(try Data(contentsOf: file).count == state.history.bytes)
      try again.append(.step(Self.report(5)))
      try again.append(.step(Self.report(6)))
      #expect(try Data(contentsOf: file) == whole)
    }
  }

  @Test("validations on earlier validation images are dropped")
  func reset() throws {
    let history = try HistoryFile.open(in: run, from: nil).history
    func evaluation(_ step: Int) -> HistoryRecord {
      .validation(ValidationReport(step: step, validation: [0.5], training: [0.25]))
    }
    try history.append(evaluation(0))
    try history.append(.step(Self.report(1)))
    try history.append(evaluation(1))
    let before = try run.history(of: state(history.mark, step: 1))
    #expect(before.validation.map(\.step) == [0, 1] && before.steps.count == 1)
    #expect(try before.records.map { try $0.line.count }.reduce(0, +) == history.mark.bytes)
    try history.append(.validationReset)
    try history.append(evaluation(2))
    let after = try run.history(of: state(history.mark, step: 2))
    #expect(after.validation.map(\.step) == [2] && after.steps.count == 1)
  }

  @Test(
    "a damaged or missing history is reported and moved aside, and the run ends the same",
    arguments: [0, 1, 2])
  func damaged(kind: Int) throws {
    let config = TinyTraining.config { $0.checkpointEvery = 3 }
    try training.train(run: 2, config)
    try training.train(run: 1, config) { events, _ in events.steps.count == 4 }
    let checkpoint = try #require(run.newestCheckpoint().checkpoint)
    let file = run.url.appending(path: "history.jsonl")
    var data = try Data(contentsOf: file)
    data[10] ^= 1
    switch kind {
    case 0: try data.write(to: file)
    case 1: try data.prefix(40).write(to: file)
    default: try FileManager.default.removeItem(at: file)
    }
    #expect(throws: CheckpointError.self) { try run.history(of: checkpoint.state()) }
    let (outcome, events) = try training.train(run: 1, config, from: checkpoint)
    #expect(outcome == .finished)
    let notes = events.compactMap { if case .note(let sentence) = $0 { sentence } else { nil } }
    #expect(notes.count == 1 && notes[0].hasPrefix("\(file.relativePath) is damaged: "))
    let aside = run.url.appending(path: "history.damaged.jsonl")
    #expect(FileManager.default.fileExists(atPath: aside.path) == (kind < 2))
    let first = kind < 2 ? try Data(contentsOf: aside) : nil
    let end = try run.checkpoint(step: 6)
    #expect(try end.verify() == training.runFolder(2).checkpoint(step: 6).verify())
    #expect(try run.history(of: end.state()).steps.map(\.step) == [5, 6])
    // After another resume, the file that was moved aside first is still there.
    try training.train(run: 1, config, from: checkpoint)
    if let first { #expect(try Data(contentsOf: aside) == first) }
  }

  @Test("a checkpoint after 100,000 steps has as many bytes as after 10, and takes no more time")
  func cost() throws {
    let setup = try training.setup()
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    let live = try AdapterTraining(setup, data: data, from: nil)
    _ = try live.advance(checkStop: {})
    let history = try HistoryFile.open(in: run, from: nil).history
    func save() throws -> (bytes: Int, milliseconds: Double) {
      var times: [Double] = []
      var bytes = 0
      for _ in 0..<5 {
        let start = ContinuousClock.now
        try history.sync()
        let contents = try live.contents(run: 1, history: history.mark)
        let checkpoint = try CheckpointFolder.write(contents, in: run.url).checkpoint
        times.append((ContinuousClock.now - start) / .milliseconds(1))
        bytes = try training.files(below: checkpoint.url).reduce(0) {
          $0 + (try Data(contentsOf: checkpoint.url.appending(path: $1)).count)
        }
      }
      return (bytes, times.sorted()[2])
    }
    for step in 1...10 { try history.append(.step(Self.report(step))) }
    let early = try save()
    for step in 11...100_000 { try history.append(.step(Self.report(step))) }
    let late = try save()
    print(
      "a save after 10 steps: \(early.bytes) bytes, \(early.milliseconds) ms; after 100,000: "
        + "\(late.bytes) bytes, \(late.milliseconds) ms, beside a history of \(history.mark.bytes)")
    #expect(late.bytes - early.bytes < 10)
    #expect(late.milliseconds < 5 * early.milliseconds + 50)
  }
}
