import Drawing
import Files
import Foundation
import Options
import Ranks
import RunLog
import Torch
import Training

/// Writes the events of a training into the database. If the database fails, the training continues, and
/// the missing records are written later: into a new database if the old one was deleted or damaged.
final class RunRecorder {
  /// Every attempt on a locked database waits for seconds.
  private static let retryInterval = Duration.seconds(30)

  private var log: RunLog
  private let project: ProjectFolder
  private let report: WorkspaceReport
  /// The run as recorded at the start of this training.
  var run: Run
  private let device: Device
  /// The records without steps and validations, which are in the run folder.
  private var records = RunRecords()
  /// The time of the next attempt; nil while the records are complete.
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
        records.resumes = try log.resumes(run.id)
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
    case .memoryChange(let change):
      attempt {
        run.config = try change.config.recordJSON()
        let record = change.step > 0 ? resumeRecord(of: change) : nil
        if let record { records.resumes.append(record) }
        try log.change(run.id, config: run.config, resume: record)
      }
    case .preparing, .note, .sampling, .spent, .unsaved:
      break
    }
  }

  /// Records the ranks that train together; nil for a process on its own.
  func record(_ ranks: RankGroup?) {
    guard ranks != nil || run.worldSize != nil else { return }
    (run.worldSize, run.hosts) = (ranks?.size, ranks?.hosts)
    attempt { try log.record(worldSize: run.worldSize, hosts: run.hosts, of: run.id) }
  }

  /// The change in the lineage of the run; nil if it changes no result.
  private func resumeRecord(of change: MemoryChange) -> ResumeRecord? {
    guard !change.differences.isEmpty else { return nil }
    return ResumeRecord(
      run: run.id, step: change.step, sha256: nil, version: Version.current, resumedAt: Date(),
      changes: change.differences.joined(separator: ResumeRecord.changesSeparator))
  }

  func finish() { end { try log.finish(run.id) } }

  func interrupt() { end { try log.interrupt(run.id) } }

  func fail(_ message: String) { end { try log.fail(run.id, message) } }

  /// Makes the last change and checks the database file that other processes will read.
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
        try restoreRecords()
        try change()
        self.retryAt = nil
        report(.note("The records are complete again."))
      } else {
        try change()
      }
    } catch {
      if retryAt == nil {
        report(.note("The database cannot be written, training continues: \(error)"))
      }
      retryAt = .now + Self.retryInterval
      isLost = Self.isLost(error)
    }
  }

  /// Whether the database file is missing, replaced or damaged.
  private var isLost = false

  private static func isLost(_ error: any Error) -> Bool {
    switch error {
    case RunLogError.replaced, RunLogError.damaged, RunLogError.notADatabase,
      RunLogError.noSuchRun:
      true
    default: false
    }
  }

  /// Writes all records again, into a new database if the old one is lost.
  private func restoreRecords() throws {
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

  /// The path of a file of the run folder, relative to the database's folder.
  private func path(_ url: URL) -> String {
    let parts = url.pathComponents
    guard let start = parts.lastIndex(of: "run-\(run.id)") else { return url.relativePath }
    return ([run.path] + parts[(start + 1)...]).joined(separator: "/")
  }
}
