import Datasets
import Failpoints
import Files
import Foundation
import Options
package import Ranks
package import RunLog
import StableDiffusion
package import Training

/// One training in a project folder: finds or starts the run, trains it and records it.
package struct TrainingSession {
  private let log: RunLog
  private let project: ProjectFolder
  private let setup: TrainingSetup
  private let report: WorkspaceReport

  /// Reads and checks everything that the training needs, and reports problems of the dataset.
  ///
  /// - Parameters:
  ///   - keepsSteps: Whether a resumed run keeps its number of steps, because the user has given none.
  ///   - allowedChanges: Differences that a resumed run may have: option keys, or
  ///     ``TrainingDifference/contents``.
  ///   - ranks: The ranks that train together, of which this is rank 0; nil for a process on its own.
  package init(
    _ config: TrainingConfig, keepsSteps: Bool = false, allowing allowedChanges: Set<String> = [],
    ranks: RankGroup? = nil, in project: ProjectFolder, report: @escaping WorkspaceReport
  ) throws {
    self.project = project
    self.report = report
    Failpoint.startUp.pass()
    setup = try TrainingSetup.opened(
      config, keepsSteps: keepsSteps, allowing: allowedChanges, ranks: ranks, in: project,
      report: report)
    Failpoint.startUp.pass()
    log = try project.openRunLog(report)
  }

  /// Resumes the unfinished run of the same configuration, extends the finished one if more steps are
  /// given, or starts a new run, and reports why it extends none. Throws `CheckpointError` if the
  /// subject's latest run is unfinished and was another training.
  package func train(_ control: TrainingControl) throws -> TrainingResult {
    if let interrupted = try ResumableRun.find(for: setup, in: log, project: project) {
      return try resume(interrupted, control)
    }
    if let finished = try ResumableRun.finished(for: setup, in: log, project: project) {
      if !setup.keepsSteps, setup.config.steps > finished.steps {
        return try resume(finished, control)
      }
      report(
        .note(
          "Run \(finished.id) has finished \(finished.steps) steps with these settings, and a new run "
            + "starts; more `steps` extend run \(finished.id)."))
    } else if !setup.keepsSteps,
      let sentence = try ResumableRun.obstacle(to: setup, in: log, project: project)
    {
      report(.note(sentence))
    }
    return try trainNew(control)
  }

  /// Starts a new run, even if there is an unfinished one.
  package func trainNew(_ control: TrainingControl) throws -> TrainingResult {
    try trainNew(setup, control)
  }

  private func trainNew(
    _ setup: TrainingSetup, _ control: TrainingControl
  ) throws -> TrainingResult {
    // Locked before it is recorded, so that a refused training leaves no run.
    var lock: RunLock?
    let run = try begin(setup) { run in
      lock = try RunLock(project.folder(of: run))
      Failpoint.startUp.pass()
    }
    defer { withExtendedLifetime(lock) {} }
    Failpoint.startUp.pass()
    return try runTraining(control).train(run, setup)
  }

  /// Trains a finished run again, as a new run. Throws `CheckpointError.differs` if it would be another
  /// training.
  func rerun(
    _ run: Run, _ state: TrainingState, _ control: TrainingControl
  ) throws -> TrainingResult {
    // Memory may allow another rung now, which rounds differently.
    let setup = setup.onRung(of: state.config)
    let differences = try setup.differences(from: state)
    guard differences.isEmpty else {
      throw CheckpointError.differs(
        run: "Run \(run.id)", differences: differences)
    }
    return try trainNew(setup, control)
  }

  /// Trains a run to its end: an interrupted one, or a finished one with more steps or without its last
  /// checkpoint. A run without checkpoints that was another training is left as it is, and a new run is
  /// started. Throws `CheckpointError` if it would be another training, and `RunError`.
  package func resume(_ interrupted: Run, _ control: TrainingControl) throws -> TrainingResult {
    try checkFolder(of: interrupted)
    let lock = try RunLock(project.folder(of: interrupted))
    defer { withExtendedLifetime(lock) {} }
    Failpoint.startUp.pass()
    for sentence in try project.folder(of: interrupted).clearLeftovers() {
      report(.note(sentence))
    }
    // Another process may have trained it since it was found.
    let resumable = try ResumableRun(
      log.run(interrupted.id), setup: setup, in: log, project: project)
    let run = resumable.run
    let setup = resumable.setup
    for problem in resumable.damages + resumable.notes { report(.note(problem)) }
    guard let checkpoint = resumable.checkpoint else {
      // A training from the start would replace the damaged checkpoints one by one.
      if let problem = resumable.damages.first {
        throw CheckpointError.noneWhole(run: "Run \(run.id)", problem: problem)
      }
      guard resumable.differences.isEmpty else {
        report(
          .note(
            "Run \(run.id) has saved no checkpoint and was another training "
              + "(\(listing(resumable.differences.map(\.description)))), so a new run starts."))
        return try trainNew(control)
      }
      if run.step > 0 {
        report(
          .note(
            "Run \(run.id) had done \(run.step) steps but has saved no checkpoint, so it starts again."
          ))
      }
      if let change = resumable.stepsChange { report(.note(change.sentence)) }
      return try restart(run, setup, changes: resumable.changes, control)
    }
    guard resumable.differences.isEmpty else {
      throw CheckpointError.differs(
        run: "Run \(run.id)", differences: resumable.differences)
    }
    guard setup.config.steps >= checkpoint.step else {
      throw CheckpointError.stepsDone(requested: setup.config.steps, done: checkpoint.step)
    }
    guard run.status != .finished || setup.config.steps > checkpoint.step else {
      throw RunError.finished(run: run.id, step: checkpoint.step)
    }
    let lost = project.lostCheckpoints(
      of: run, try log.checkpoints(run.id), validation: try log.validation(run.id))
    if let newest = lost.last, newest > checkpoint.step {
      report(.note(LostCheckpoints.sentence(run.id, lost.filter { $0 > checkpoint.step })))
    }
    if let change = resumable.stepsChange { report(.note(change.sentence)) }
    if !resumable.changes.isEmpty {
      report(
        .note(
          "Run \(run.id) resumes with changed settings "
            + "(\(resumable.changes.joined(separator: "; "))), so it is no longer exact."))
    }
    // The database lacks records if it could not be written for a while.
    let records = RunRecords.read(
      project.folder(of: run), known: try log.checkpoints(run.id)
    ).records
    try records.enter(run, in: log)
    return try resume(
      run, setup, from: checkpoint, changes: resumable.changes,
      keepsValidation: setup.keepsValidation(of: checkpoint.state()), control)
  }

  /// Throws `RunError.checkpointsGone` if all recorded checkpoints of the run are missing. Its folder may
  /// have been renamed, or its disk is not mounted.
  private func checkFolder(of run: Run) throws {
    guard project.folder(of: run).checkpoints.isEmpty, try !log.checkpoints(run.id).isEmpty else {
      return
    }
    throw RunError.missingCheckpoints(of: run, in: project)
  }

  /// Trains a run without checkpoints from the start, under its number. Its samples are removed, since
  /// they may show other prompts or another base model.
  private func restart(
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

  private func begin(_ setup: TrainingSetup, prepare: (Run) throws -> Void) throws -> Run {
    let config = setup.config
    return try log.begin(
      subject: config.subject, steps: config.steps,
      model: config.model ?? setup.model.url.relativePath,
      dataset: config.datasetPath, config: config.recordJSON(), version: Version.current,
      above: Int64(RunFolder.highestID(below: project.url)),
      path: { RunFolder.path(subject: config.subject, id: Int($0)) }, prepare: prepare)
  }

  /// Resumes a run, and records the resume after its preparation. A failed preparation leaves the run
  /// unchanged.
  private func resume(
    _ run: Run, _ setup: TrainingSetup, from checkpoint: CheckpointFolder?, changes: [String],
    keepsValidation: Bool = true, _ control: TrainingControl
  ) throws -> TrainingResult {
    let resume = Resume(
      step: checkpoint?.step ?? 0, sha256: try checkpoint?.verify(), version: Version.current,
      changes: checkpoint == nil ? [] : changes)
    let point = RunTraining.ResumePoint(checkpoint: checkpoint, resume: resume) {
      try log.resume(
        run.id, from: resume.step, sha256: resume.sha256, steps: setup.config.steps,
        config: setup.config.recordJSON(), version: Version.current,
        keepsValidation: keepsValidation,
        changes: resume.changes.isEmpty
          ? nil : resume.changes.joined(separator: ResumeRecord.changesSeparator))
    }
    return try runTraining(control).train(run, setup, resuming: point)
  }

  private func runTraining(_ control: TrainingControl) -> RunTraining {
    RunTraining(log: log, project: project, control: control, report: report)
  }
}
