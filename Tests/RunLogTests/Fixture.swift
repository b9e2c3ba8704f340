import Foundation
import RunLog

/// A project folder for one test, removed at the end.
final class Fixture {
  let root: URL
  var file: URL { root.appendingPathComponent("runs.sqlite") }

  init() {
    root = FileManager.default.temporaryDirectory
      .appendingPathComponent("runlog-\(UUID().uuidString)")
  }

  deinit {
    var problem: (any Error)?
    // A connection that closes at this moment removes its own files, which then are missing here.
    for _ in 1...3 where FileManager.default.fileExists(atPath: root.path) {
      do {
        try FileManager.default.removeItem(at: root)
        return
      } catch {
        problem = error
      }
    }
    if let problem { print("the test folder \(root.path) could not be removed: \(problem)") }
  }

  /// Opens the database, which by default writes every step at once.
  func open(
    flushInterval: Duration = .zero, busyTimeout: TimeInterval = 5
  ) throws -> RunLog {
    try RunLog(at: file, flushInterval: flushInterval, busyTimeout: busyTimeout)
  }
}

extension RunLog {
  func beginExample(subject: String = "dog", steps: Int = 10, above: Int64 = 0) throws -> Run {
    try begin(
      subject: subject, steps: steps, model: "demo", dataset: "Datasets/\(subject)",
      config: #"{"learning_rate":0.0001,"rank":16}"#, version: "0.1.0", above: above
    ) { "\(subject)/run-\($0)" }
  }
}

/// A step record; its loss and gradient norm differ for each step.
func step(_ number: Int, of run: Int64 = 1, seconds: Double = 0.5) -> StepRecord {
  StepRecord(
    run: run, step: number, loss: 1 / Double(number), learningRate: 1e-4,
    gradNorm: Double(number) / 3, seconds: seconds, timestep: 500)
}
