import RunLog
import Training

/// Trains a run that this process has locked, and records it.
struct RunTraining {
  /// The checkpoint and the record of a resume.
  struct ResumePoint {
    /// nil for a run without checkpoints, which starts again.
    let checkpoint: CheckpointFolder?
    let resume: Resume
    /// Records the resume in the database.
    let record: () throws -> Run
  }

  let log: RunLog
  let project: ProjectFolder
  let control: TrainingControl
  let report: WorkspaceReport

  /// Trains to the end, or until it is stopped. A new run is already recorded as running; a resume is
  /// recorded after its preparation.
  func train(
    _ run: Run, _ setup: TrainingSetup, resuming point: ResumePoint? = nil
  ) throws -> TrainingResult {
    let recorder = RunRecorder(
      log: log, project: project, run: run, device: setup.device, report: report)
    let events = EventRecorder(
      run, setup, resumedFrom: point?.resume.step, report: report)
    defer { events?.end() }
    let folder = project.folder(of: run)
    report(
      .starting(
        TrainingStart(run, setup, in: folder, resumedFrom: point?.resume.step)))
    var isRecorded = point == nil
    let outcome: Trainer.Outcome
    do {
      let trainer = Trainer(setup, folder: folder)
      outcome = try trainer.train(
        from: point?.checkpoint, resume: point?.resume,
        stopped: control.stopped, wantsSave: control.wantsSave
      ) { event in
        if case .ready = event, let point {
          recorder.run = try point.record()
          isRecorded = true
        }
        if case .ready = event { recorder.record(setup.ranks) }
        recorder.record(event)
        report(.training(event))
        events?.record(event)
      }
    } catch {
      if isRecorded { recorder.fail("\(error)") }
      throw error
    }
    switch outcome {
    case .finished:
      recorder.finish()
      return .finished(run, adapter: try folder.checkpoint(step: setup.config.steps).adapter)
    case .stopped(let step):
      if isRecorded { recorder.interrupt() }
      return .stopped(run, step: step)
    }
  }
}
