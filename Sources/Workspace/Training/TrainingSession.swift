import Datasets
import Failpoints
import Files
import Foundation
import Options
package import RunLog
import StableDiffusion
package import Training

/// One training in a project folder: finds or begins the run, trains it and keeps its records.
package struct TrainingSession {
  private let log: RunLog
  private let project: ProjectFolder
  private let setup: TrainingSetup
  private let report: WorkspaceReport

  /// Reads and checks everything that the training needs, and reports what is odd about the data.
  ///
  /// - Parameter allowedChanges: what may differ from a run that is resumed: options, or
  ///   ``TrainingDifference/contents``.
  package init(
    _ config: TrainingConfig, allowing allowedChanges: Set<String> = [],
    in project: ProjectFolder, report: @escaping WorkspaceReport
  ) throws {
    self.project = project
    self.report = report
    Failpoint.startUp.pass()
    var config = config
    let dataset = try Dataset.load(
      directory: URL(filePath: config.datasetPath), subject: config.subject)
    let models = BaseModels(project, report: report)
    let name = try config.model ?? models.standardName()
    config.model = name
    let model = try models.open(name)
    var setup = try TrainingSetup(
      config: config, dataset: dataset, model: model, caches: project.caches
    ) { problem in report(.note("\(problem)")) }
    setup.allowedChanges = allowedChanges
    self.setup = setup
    Failpoint.startUp.pass()
    log = try project.openRunLog(report)
  }

  /// Resumes the run that the same configuration has begun before, or begins a new one. Throws
  /// `CheckpointError` where the subject's latest run is not finished and was another training.
  package func train(_ control: TrainingControl) throws -> TrainingResult {
    guard let interrupted = try ResumableRun.find(for: setup, in: log, project: project) else {
      return try trainAnew(control)
    }
    return try resume(interrupted, control)
  }

  /// Begins a new run, whatever there is. Throws errors of the training.
  package func trainAnew(_ control: TrainingControl) throws -> TrainingResult {
    let run = try begin()
    Failpoint.startUp.pass()
    let lock = try RunLock(project.folder(of: run))
    defer { withExtendedLifetime(lock) {} }
    Failpoint.startUp.pass()
    return try runTraining(control).train(run, setup)
  }

  /// Trains again what a state describes, as a new run, once it is found to be the same training.
  /// Throws `CheckpointError.differs` where it would not be.
  func trainAgain(
    _ run: Run, _ state: TrainingState, _ control: TrainingControl
  ) throws -> TrainingResult {
    let differences = try setup.differences(from: state)
    guard differences.isEmpty else {
      throw CheckpointError.differs(
        run: "Run \(run.id)", differences: differences.map(\.description))
    }
    return try trainAnew(control)
  }

  /// Trains an interrupted run to its end; one that has saved nothing, and was to be another training,
  /// is left behind for a new one. Throws `CheckpointError` where it would not be the same training,
  /// `RunError.checkpointsGone`.
  package func resume(_ interrupted: Run, _ control: TrainingControl) throws -> TrainingResult {
    try checkFolder(of: interrupted)
    let lock = try RunLock(project.folder(of: interrupted))
    defer { withExtendedLifetime(lock) {} }
    Failpoint.startUp.pass()
    for sentence in try project.folder(of: interrupted).clearLeftovers() {
      report(.note(sentence))
    }
    // Another process may have trained it since it was found.
    let resumable = try ResumableRun(log.run(interrupted.id), setup: setup, project: project)
    let run = resumable.run
    let setup = resumable.setup
    for problem in resumable.damages + resumable.notes { report(.note(problem)) }
    guard let checkpoint = resumable.checkpoint else {
      // Training from nothing would in time replace them all.
      if let problem = resumable.damages.first {
        throw CheckpointError.noneWhole(run: "Run \(run.id)", problem: problem)
      }
      guard resumable.differences.isEmpty else { return try trainAnew(control) }
      return try beginAgain(run, setup, changes: resumable.changes, control)
    }
    guard resumable.differences.isEmpty else {
      throw CheckpointError.differs(
        run: "Run \(run.id)", differences: resumable.differences)
    }
    guard setup.config.steps >= checkpoint.step else {
      throw CheckpointError.stepsDone(asked: setup.config.steps, done: checkpoint.step)
    }
    if setup.config.steps != run.steps {
      report(.note("run \(run.id) now has \(setup.config.steps) steps; it had \(run.steps)."))
    }
    if !resumable.changes.isEmpty {
      report(
        .note(
          "run \(run.id) goes on with other than so far "
            + "(\(resumable.changes.joined(separator: "; "))), and is not exact any more."))
    }
    // A database that could not be written for a while lacks some.
    let records = RunRecords.read(
      project.folder(of: run), known: try log.checkpoints(run.id)
    ).records
    try records.enter(run, in: log)
    return try resume(
      run, setup, from: checkpoint, changes: resumable.changes,
      keepsValidation: setup.keepsValidation(of: checkpoint.state()), control)
  }

  /// Throws `RunError.checkpointsGone` for a run whose recorded checkpoints are all gone: its folder was
  /// renamed, or lies on a disk that is not mounted.
  private func checkFolder(of run: Run) throws {
    let folder = project.folder(of: run)
    guard folder.checkpoints.isEmpty, try !log.checkpoints(run.id).isEmpty else { return }
    throw RunError.checkpointsGone(run: run.id, step: run.step, folder: folder.url.relativePath)
  }

  /// Trains a run from nothing under its number. Its samples are removed: they may be of other
  /// prompts, or of another base model.
  private func beginAgain(
    _ run: Run, _ setup: TrainingSetup, changes: [String], _ control: TrainingControl
  ) throws -> TrainingResult {
    let samples = project.folder(of: run).sampleGrid(step: 0).deletingLastPathComponent()
    if FileManager.default.fileExists(atPath: samples.path) {
      do {
        try FileManager.default.removeItem(at: samples)
      } catch {
        throw FileAccessError.unwritable(file: samples.relativePath, reason: error.reason)
      }
    }
    return try resume(run, setup, from: nil, changes: changes, control)
  }

  private func begin() throws -> Run {
    let config = setup.config
    return try log.begin(
      subject: config.subject, steps: config.steps,
      model: config.model ?? setup.model.url.relativePath,
      dataset: config.datasetPath, config: config.recordJSON(), version: Version.current,
      above: Int64(RunFolder.highestID(below: project.url))
    ) { RunFolder.path(subject: config.subject, id: Int($0)) }
  }

  /// Resumes a run, and records that once it is prepared: what ends it before then has not touched the
  /// run.
  private func resume(
    _ run: Run, _ setup: TrainingSetup, from checkpoint: CheckpointFolder?, changes: [String],
    keepsValidation: Bool = true, _ control: TrainingControl
  ) throws -> TrainingResult {
    let continuation = Continuation(
      step: checkpoint?.step ?? 0, sha256: try checkpoint?.verify(), version: Version.current,
      changes: checkpoint == nil ? [] : changes)
    let resumption = RunTraining.Resumption(checkpoint: checkpoint, continuation: continuation) {
      try log.resume(
        run.id, from: continuation.step, sha256: continuation.sha256, steps: setup.config.steps,
        config: setup.config.recordJSON(), version: Version.current,
        keepsValidation: keepsValidation,
        changes: continuation.changes.isEmpty
          ? nil : continuation.changes.joined(separator: "; "))
    }
    return try runTraining(control).train(run, setup, resuming: resumption)
  }

  private func runTraining(_ control: TrainingControl) -> RunTraining {
    RunTraining(log: log, project: project, control: control, report: report)
  }
}
