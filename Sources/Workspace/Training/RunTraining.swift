import RunLog
import Training

/// Trains a run that is locked by this process, and keeps its records.
struct RunTraining {
  /// How an interrupted run is resumed.
  struct Resumption {
    /// nil: from nothing.
    let checkpoint: CheckpointFolder?
    let continuation: Continuation
    /// Records that the run is resumed.
    let record: () throws -> Run
  }

  let log: RunLog
  let project: ProjectFolder
  let control: TrainingControl
  let report: WorkspaceReport

  /// Trains to the end, or until it is stopped. A new run is recorded as running already; a resumed one
  /// is once all is prepared.
  func train(
    _ run: Run, _ setup: TrainingSetup, resuming resumption: Resumption? = nil
  ) throws -> TrainingResult {
    let recorder = RunRecorder(
      log: log, project: project, run: run, device: setup.device, report: report)
    let folder = project.folder(of: run)
    report(
      .starting(
        TrainingStart(run, setup, in: folder, resumedFrom: resumption?.continuation.step)))
    var isRecorded = resumption == nil
    let outcome: Trainer.Outcome
    do {
      let trainer = Trainer(setup, folder: folder)
      outcome = try trainer.train(
        from: resumption?.checkpoint, continuation: resumption?.continuation,
        stopped: control.stopped, wantsSave: control.wantsSave
      ) { event in
        if case .ready = event, let resumption {
          recorder.run = try resumption.record()
          isRecorded = true
        }
        recorder.record(event)
        report(.training(event))
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
