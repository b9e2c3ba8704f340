import Drawing
import Foundation
import RunLog
import Torch
import Training

/// Keeps the records of a run: the only code that knows both the trainer and the database. When the
/// database fails, the training goes on, and all that it lacks is entered once it can be: into a new
/// one, where it was deleted or is damaged.
final class RunRecorder {
  /// A locked database makes every attempt wait for seconds.
  private static let retryInterval = Duration.seconds(30)

  private var log: RunLog
  private let project: ProjectFolder
  private let report: WorkspaceReport
  /// The run as it was recorded when this training of it began.
  var run: Run
  private let device: Device
  /// What is recorded of the run besides its steps and evaluations, which the run's folder holds.
  private var records = RunRecords()
  /// When to try again; nil while the records are whole.
  private var retryAt: ContinuousClock.Instant?

  init(
    log: RunLog, project: ProjectFolder, run: Run, device: Device,
    report: @escaping WorkspaceReport
  ) {
    self.log = log
    self.project = project
    self.run = run
    self.device = device
    self.report = report
  }

  func record(_ event: TrainingEvent) {
    switch event {
    case .ready:
      attempt {
        records.checkpoints = try log.checkpoints(run.id)
        records.samples = try log.samples(run.id)
        records.resumptions = try log.resumptions(run.id)
      }
    case .step(let report):
      attempt {
        try log.record(
          StepRecord(run: run.id, report), peakMemoryBytes: Int64(PeakMemory.bytes(on: device)))
      }
    case .saving:
      attempt { try log.flush() }
    case .checkpoint(let step, let folder, let sha256):
      let checkpoint = CheckpointRecord(
        run: run.id, step: step, path: path(folder), sha256: sha256)
      records.checkpoints.removeAll { $0.step == step }
      records.checkpoints.append(checkpoint)
      attempt { try log.record(checkpoint) }
    case .removed(let steps):
      records.checkpoints.removeAll { steps.contains($0.step) }
      attempt {
        try log.keepCheckpoints(of: run.id, steps: Set(records.checkpoints.map(\.step)))
      }
    case .sample(let step, let grid):
      let sample = SampleRecord(run: run.id, step: step, path: path(grid))
      records.samples.append(sample)
      attempt { try log.record(sample) }
    case .validation(let report):
      attempt { try log.record(ValidationRecord(run: run.id, report)) }
    case .preparing, .note, .sampling, .unsaved:
      break
    }
  }

  func finish() { end { try log.finish(run.id) } }

  func interrupt() { end { try log.interrupt(run.id) } }

  func fail(_ message: String) { end { try log.fail(run.id, message) } }

  /// The last change; what others will find is looked at as they will.
  private func end(_ change: () throws -> Void) {
    retryAt = retryAt.map { _ in .now }
    attempt {
      try change()
      try RunLog(at: log.url).verify()
    }
    guard retryAt != nil else { return }
    retryAt = .now
    attempt(change)
  }

  private func attempt(_ change: () throws -> Void) {
    do {
      if let retryAt {
        guard ContinuousClock.now >= retryAt else { return }
        self.retryAt = .now + Self.retryInterval
        try makeWhole()
        try change()
        self.retryAt = nil
        report(.note("the records are whole again."))
      } else {
        try change()
      }
    } catch {
      if retryAt == nil {
        report(.note("the records are not kept at the moment, training goes on: \(error)"))
      }
      retryAt = .now + Self.retryInterval
      isLost = Self.isLost(error)
    }
  }

  /// Whether the database file is not what can be written any more.
  private var isLost = false

  private static func isLost(_ error: any Error) -> Bool {
    switch error {
    case RunLogError.replaced, RunLogError.damaged, RunLogError.notADatabase,
      RunLogError.noSuchRun:
      true
    default: false
    }
  }

  /// Enters everything again, in a new database where the old one is lost.
  private func makeWhole() throws {
    if isLost { log = try project.replaceRunLog(report) }
    let history = project.folder(of: run).recordedHistory()
    var (run, records) = (run, records)
    records.steps = history.steps.map { StepRecord(run: run.id, $0) }
    records.validation = history.validation.map { ValidationRecord(run: run.id, $0) }
    run.step = records.steps.last?.step ?? run.step
    run.loss = records.steps.last?.loss
    run.status = .running
    try records.enter(run, in: log)
    isLost = false
  }

  /// A place below the run's folder, relative to the database's.
  private func path(_ url: URL) -> String {
    let parts = url.pathComponents
    guard let start = parts.lastIndex(of: "run-\(run.id)") else { return url.relativePath }
    return ([run.path] + parts[(start + 1)...]).joined(separator: "/")
  }
}
